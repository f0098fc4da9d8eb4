package dev.shadowcat.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.NodeIdentity;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.testkit.RedisProcess;
import dev.shadowcat.testkit.Writes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What answers where a Redis should be is none: the driver stumbles over it in many ways, and people are told in one. */
class ForeignServerTest {
    private static final SessionId ID = new SessionId(0x0123_4567_89AB_CDEFL, 1);
    private static final NodeIdentity NODE = new NodeIdentity("node-1", "10.0.0.1:8080");
    private static final RedisSettings SETTINGS = RedisSettings.DEFAULTS.withTimeout(Duration.ofMillis(500));
    private static final String HTTP = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

    @ParameterizedTest
    @ValueSource(
            strings = {
                HTTP,
                "SSH-2.0-OpenSSH_9.2p1\r\n",
                "J\0\0\0\n8.0.33\0",
                "\u00B0\u00FF\u0003random",
                "*999999999999\r\n",
                ":5\r\n:5\r\n:5\r\n",
                "%1\r\n:1\r\n:2\r\n+OK\r\n:zz\r\n"
            })
    void aStartSaysThatItIsNoRedis(String answer) throws Exception {
        try (ForeignServer server = ForeignServer.start(0, answer.getBytes(StandardCharsets.ISO_8859_1))) {
            String said = "Redis at 127.0.0.1:" + server.port()
                    + " cannot be asked: what answers is not a Redis; see which host and port the store's URL names";
            RedisUrl url = RedisUrl.parse("redis://127.0.0.1:" + server.port());
            assertThatThrownBy(() -> RedisStores.open(url, SETTINGS, NODE))
                    .isInstanceOf(StoreException.class)
                    .hasMessage(said);
            assertThatThrownBy(() -> RedisStores.exists(url, SETTINGS)).hasMessage(said);
        }
    }

    @Test
    void oneThatHangsUpIsToldWithWhatItMayBe() throws Exception {
        try (ForeignServer server = ForeignServer.start(0, new byte[0])) {
            for (String scheme : List.of("redis://", "rediss://")) {
                RedisUrl url = RedisUrl.parse(scheme + "127.0.0.1:" + server.port());
                assertThatThrownBy(() -> RedisStores.open(url, SETTINGS, NODE))
                        .isInstanceOf(StoreException.class)
                        .hasMessage("Redis at 127.0.0.1:" + server.port()
                                + " cannot be asked: it closed the connection without an answer; see whether it is a Redis,"
                                + " and whether it wants TLS (rediss://) or takes none (redis://)");
            }
        }
    }

    @Test
    void oneWithoutTlsIsToldAsThat() throws Exception {
        try (ForeignServer server = ForeignServer.start(0, HTTP.getBytes(StandardCharsets.ISO_8859_1))) {
            RedisUrl url = RedisUrl.parse("rediss://127.0.0.1:" + server.port());
            assertThatThrownBy(() -> RedisStores.open(url, SETTINGS, NODE))
                    .isInstanceOf(StoreException.class)
                    .hasMessage("Redis at 127.0.0.1:" + server.port()
                            + " cannot be asked: what answers speaks no TLS,"
                            + " which rediss:// asks for; see which host and port the store's URL names");
        }
    }

    @Test
    void aNodeThatRunsSaysSoToo() throws Exception {
        try (RedisProcess redis = RedisProcess.start("--appendonly", "yes");
                SharedStore store = RedisStores.open(RedisUrl.parse(redis.url()), SETTINGS, NODE)) {
            assertThat(store.append(List.of(Writes.session(ID)))).isEqualTo(AppendOutcome.Stored.ALL);
            redis.kill();
            try (ForeignServer _ = ForeignServer.start(redis.port(), HTTP.getBytes(StandardCharsets.ISO_8859_1))) {
                AtomicReference<AppendOutcome> last = new AtomicReference<>();
                await().until(() -> {
                    last.set(store.append(List.of(Writes.stream(ID, 0))));
                    return String.valueOf(last.get()).contains("not a Redis");
                });
                assertThat(last.get()).isInstanceOf(AppendOutcome.Busy.class);
                assertThat(((AppendOutcome.Busy) last.get()).reason())
                        .isEqualTo("what answers is not a Redis; see which host and port the store's URL names");
                assertThatThrownBy(() -> store.session(ID)).hasMessageContaining("what answers is not a Redis");
            }
            redis.startAgain();
            await().until(() -> !(store.append(List.of(Writes.stream(ID, 0))) instanceof AppendOutcome.Busy));
        }
    }
}
