package dev.shadowcat.store.redis;

import static dev.shadowcat.store.redis.RedisKeys.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.NodeIdentity;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.store.SharedStore.Claim;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.testkit.RedisProcess;
import dev.shadowcat.testkit.Writes;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A Redis that answers, but reads its data set still: all are up again after a reboot, and it takes longest. */
class LoadingRedisTest {
    private static final SessionId ID = new SessionId(0x0123_4567_89AB_CDEFL, 1);
    private static final NodeIdentity NODE = new NodeIdentity("node-1", "10.0.0.1:8080");

    /** In microseconds. Every thousandth key it has a look at its connections. */
    private static final String KEY_DELAY = "100";

    private static final int KEYS_A_SECOND = 6_000;
    private static final RedisSettings SETTINGS = RedisSettings.DEFAULTS.withLease(Duration.ofMinutes(5));

    @Test
    void aStartWaitsUntilItHasRead() throws Exception {
        try (RedisProcess server = start()) {
            RedisStores.open(at(server), SETTINGS, NODE).close();
            fill(server, 4);
            server.kill();
            server.startReading();
            try (SharedStore store = RedisStores.open(at(server), SETTINGS, NODE)) {
                store.renew();
                stored(store, Writes.session(ID));
            }
        }
    }

    @Test
    void soDoesALook() throws Exception {
        try (RedisProcess server = start()) {
            RedisStores.open(at(server), SETTINGS, NODE).close();
            fill(server, 4);
            server.kill();
            server.startReading();
            assertThat(RedisStores.exists(at(server), SETTINGS)).isTrue();
            server.kill();
            server.startReading();
            RedisStores.openReadOnly(at(server), SETTINGS).close();
        }
    }

    @Test
    void aStartWaitsForAClusterToo() throws Exception {
        try (RedisProcess server = start("--cluster-enabled", "yes")) {
            List<String> slots = new ArrayList<>(List.of("CLUSTER", "ADDSLOTS"));
            IntStream.range(0, 16_384).forEach(slot -> slots.add("" + slot));
            server.command(slots.toArray(String[]::new));
            await().until(() -> server.command("CLUSTER", "INFO").contains("cluster_state:ok"));
            RedisStores.open(at(server), SETTINGS, NODE).close();
            fill(server, 4);
            server.kill();
            server.startReading();
            RedisStores.open(at(server), SETTINGS, NODE).close();
        }
    }

    @Test
    void oneThatReadsForTooLongIsToldWithWhatToDo() throws Exception {
        try (RedisProcess server = start()) {
            fill(server, 20);
            server.kill();
            server.startReading();
            RedisSettings bounded = SETTINGS.withStartTimeout(Duration.ofSeconds(3));
            assertThatThrownBy(() -> RedisStores.open(at(server), bounded, NODE))
                    .isInstanceOf(StoreException.class)
                    .hasMessageStartingWith("Redis at 127.0.0.1:" + server.port() + " still reads its data set")
                    .hasMessageContainingAll("INFO persistence", "start again")
                    .hasMessageNotContaining("\n");
        }
    }

    @Test
    void aNodeThatRunsHoldsWhatItHasUntilItIsRead() throws Exception {
        try (RedisProcess server = start();
                SharedStore store = RedisStores.open(at(server), SETTINGS, NODE)) {
            store.renew();
            stored(store, Writes.session(ID), Writes.stream(ID, 0), Writes.event(ID, 0, 1));
            fill(server, 4);
            server.kill();
            server.startReading();
            AtomicReference<AppendOutcome> last = new AtomicReference<>();
            await().atMost(Duration.ofSeconds(30)).until(() -> {
                last.set(store.append(List.of(Writes.event(ID, 0, 2))));
                return String.valueOf(last.get()).contains("LOADING");
            });
            assertThat(last.get()).isInstanceOf(AppendOutcome.Busy.class);
            assertThatThrownBy(() -> store.session(ID)).hasMessageContaining("LOADING");

            await().atMost(Duration.ofSeconds(30))
                    .ignoreExceptionsInstanceOf(StoreException.class)
                    .until(() -> !(store.append(List.of(Writes.event(ID, 0, 2))) instanceof AppendOutcome.Busy));
            assertThat(store.append(List.of(Writes.event(ID, 0, 2)))).isEqualTo(new AppendOutcome.Lost(Set.of(ID)));
            store.renew();
            assertThat(store.claim(ID)).isInstanceOf(Claim.Held.class);
            stored(store, Writes.event(ID, 0, 1_000));
            assertThat(store.read(ID, 0, 0, 10, Long.MAX_VALUE)).hasSize(2);
        }
    }

    private static RedisProcess start(String... more) throws IOException {
        List<String> options = new ArrayList<>(List.of("--appendonly", "yes", "--key-load-delay", KEY_DELAY));
        options.addAll(List.of(more));
        return RedisProcess.start(options.toArray(String[]::new));
    }

    private static void fill(RedisProcess server, int seconds) {
        try (RedisConnections connections = RedisConnections.open(at(server), Duration.ofSeconds(30))) {
            RedisLink link = connections.others();
            List<Future<String>> sent = new ArrayList<>();
            for (int i = 0; i < seconds * KEYS_A_SECOND; i++) {
                sent.add(link.commands().set(bytes("key-" + i), bytes(i)));
            }
            link.awaitAll(sent);
        }
    }

    private static RedisUrl at(RedisProcess server) {
        return RedisUrl.parse(server.url());
    }

    private static void stored(SharedStore store, StoreWrite... batch) {
        assertThat(store.append(List.of(batch))).isEqualTo(AppendOutcome.Stored.ALL);
    }
}
