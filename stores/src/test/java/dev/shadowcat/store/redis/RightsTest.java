package dev.shadowcat.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.NodeIdentity;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.testkit.RedisProcess;
import dev.shadowcat.testkit.Writes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said at the start on a Redis whose ACL does not allow what a gateway does. */
class RightsTest {
    private static final NodeIdentity NODE = new NodeIdentity("node-1", "10.0.0.1:8080");
    private static final SessionId ID = new SessionId(1, 1);
    /** As docs/operating.md has it. */
    private static final String ENOUGH = "~shadowcat:* +@read +@write +eval +evalsha +info +cluster";

    private final RedisProcess server;
    private final RedisUrl url;

    RightsTest() throws IOException {
        server = RedisProcess.start();
        url = RedisUrl.parse(server.url().replace("//", "//ann:word@"));
        allow("on >word " + ENOUGH);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void whatThePageSaysIsEnough() {
        open(url);
        assertThat(RedisStores.exists(url, RedisSettings.DEFAULTS)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "set",
                "get",
                "exists",
                "del",
                "unlink",
                "hget",
                "hgetall",
                "hkeys",
                "hmget",
                "hset",
                "hdel",
                "smembers",
                "sadd",
                "scard",
                "srem",
                "zadd",
                "zrem",
                "zrangebylex",
                "xadd",
                "xrange",
                "xrevrange",
                "xtrim",
                "eval",
                "evalsha"
            })
    void aCommandThatIsNotAllowedIsNamedAtTheStart(String command) {
        allow("-" + command);
        refused(command).hasMessageEndingWith("add to its ACL: +" + command);
        assertThat(server.command("DBSIZE")).contains(":0");
        allow("+" + command);
        open(url);
    }

    @Test
    void theOneWithWhichAllBeginsIsToldOfByTheServer() {
        allow("-info");
        refused("info").hasMessageContaining("'info'").hasMessageContaining("docs/operating.md");
    }

    @Test
    void whatIsToldIsEnough() {
        allow("-@all +info");
        String told = String.valueOf(refused("all").actual().getMessage());
        assertThat(told).contains(" +xadd ");
        allow(told.substring(told.indexOf('+')));
        open(url);
    }

    @ParameterizedTest
    @ValueSource(strings = {"~other:*", "~shadowcat:{*", "~shadowcat:[^l]*"})
    void keysThatAreNotAllowedAreTold(String pattern) {
        allow("resetkeys " + pattern);
        refused(pattern).hasMessageEndingWith("add to its ACL: ~shadowcat:*");
    }

    /** Each has an ACL of its own. */
    @Test
    void oneServerOfAClusterThatAllowsLessIsToldOf() throws IOException {
        try (RedisCluster cluster = RedisCluster.start()) {
            cluster.servers().forEach(each -> allow(each, "on >word " + ENOUGH));
            RedisUrl shared = RedisUrl.parse(cluster.url().replace("//", "//ann:word@"));
            open(shared);
            for (RedisProcess each : cluster.servers()) {
                allow(each, "-xadd");
                assertThatThrownBy(() -> open(shared)).hasMessageEndingWith("add to its ACL: +xadd");
                allow(each, "+xadd");
            }
        }
    }

    private void allow(String rules) {
        allow(server, rules);
    }

    private static void allow(RedisProcess server, String rules) {
        List<String> words = new ArrayList<>(List.of("ACL", "SETUSER", "ann"));
        words.addAll(List.of(rules.split(" ")));
        assertThat(server.command(words.toArray(String[]::new))).contains("+OK");
    }

    /** By a gateway's start, and before that by whoever asks whether one could. */
    private AbstractThrowableAssert<?, ? extends Throwable> refused(String what) {
        assertThatThrownBy(() -> RedisStores.exists(url, RedisSettings.DEFAULTS))
                .as(what)
                .hasMessage(assertThatThrownBy(() -> open(url)).actual().getMessage());
        return assertThatThrownBy(() -> open(url))
                .as(what)
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("Redis at 127.0.0.1:" + server.port() + " does not allow its user")
                .hasMessageNotContainingAny("\n", "word");
    }

    /** All that a gateway does. */
    private static void open(RedisUrl url) {
        try (SharedStore store = RedisStores.open(url, RedisSettings.DEFAULTS, NODE)) {
            store.renew();
            store(store, Writes.session(ID), Writes.stream(ID, 0), Writes.event(ID, 0, 1));
            store(store, Writes.event(ID, 0, 2));
            store(store, new StoreWrite.TrimStream(ID, 0, 1));
            assertThat(store.sessions(null, 10)).hasSize(1);
            assertThat(store.streams(ID)).hasSize(1);
            assertThat(store.read(ID, 0, 0, 10, Long.MAX_VALUE)).hasSize(1);
            assertThat(store.abandoned(10)).isEmpty();
            assertThat(store.others()).isEmpty();
            store(store, new StoreWrite.DeleteSession(ID));
            store.leave();
        }
    }

    private static void store(SharedStore store, StoreWrite... batch) {
        assertThat(store.append(List.of(batch))).isEqualTo(AppendOutcome.Stored.ALL);
    }
}
