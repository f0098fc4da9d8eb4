package dev.shadowcat.benchmarks;

import dev.shadowcat.store.NodeIdentity;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.store.redis.RedisSettings;
import dev.shadowcat.store.redis.RedisStores;
import dev.shadowcat.store.redis.RedisUrl;
import io.lettuce.core.LettuceFutures;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.XAddArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;

/** A Redis server. Bare, a batch is one {@code XADD} for each event, all of them sent before the first is answered. */
final class BareRedis implements BareServer {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final byte[] FIELD = {'e'};

    private final String url;
    private final Payloads payloads;
    private final RedisClient client;
    private final StatefulRedisConnection<byte[], byte[]> connection;

    BareRedis(String url, Payloads payloads) {
        this.url = url;
        this.payloads = payloads;
        client = RedisClient.create(url);
        connection = client.connect(ByteArrayCodec.INSTANCE);
    }

    @Override
    public SharedStore store() {
        connection.sync().flushall();
        SharedStore store = RedisStores.open(
                RedisUrl.parse(url),
                RedisSettings.DEFAULTS,
                new NodeIdentity(UUID.randomUUID().toString(), ""));
        store.renew();
        return store;
    }

    @Override
    public double eventsPerSecond(int streams, int batchEvents, int seconds) {
        connection.sync().flushall();
        connection.setAutoFlushCommands(false);
        try {
            long events = 0;
            long began = System.nanoTime();
            long end = began + seconds * 1_000_000_000L;
            while (System.nanoTime() - end < 0) {
                add(streams, events, batchEvents);
                events += batchEvents;
            }
            return events * 1e9 / (System.nanoTime() - began);
        } finally {
            connection.setAutoFlushCommands(true);
        }
    }

    private void add(int streams, long before, int events) {
        RedisFuture<?>[] added = new RedisFuture<?>[events];
        for (int event = 0; event < events; event++) {
            byte[] stream = bytes("bare:" + (before + event) % streams);
            XAddArgs id = new XAddArgs().id(1 + (before + event) / streams + "-0");
            added[event] = connection.async().xadd(stream, id, Map.of(FIELD, payloads.next()));
        }
        connection.flushCommands();
        if (!LettuceFutures.awaitAll(TIMEOUT, added)) {
            throw new IllegalStateException("not stored within " + TIMEOUT);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public void close() {
        connection.close();
        client.shutdown();
    }
}
