package dev.shadowcat.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.NodeIdentity;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.store.SharedStore.Claim;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.testkit.RedisProcess;
import dev.shadowcat.testkit.Writes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** A server that was restarted, and a replica that took its place, may not have what was acknowledged: all claims are void then. */
class ChangedServerTest {
    private static final SessionId ID = new SessionId(0x0123_4567_89AB_CDEFL, 1);
    private static final NodeIdentity FIRST = new NodeIdentity("node-1", "10.0.0.1:8080");
    private static final NodeIdentity SECOND = new NodeIdentity("node-2", "10.0.0.2:8080");
    private static final AppendOutcome LOST = new AppendOutcome.Lost(Set.of(ID));

    @Test
    void afterARestartThatLostTheTailNobodyHoldsASessionUntilItIsClaimedAnew() throws Exception {
        try (RedisProcess server = RedisProcess.start();
                SharedStore store = open(server.url(), FIRST)) {
            store.renew();
            stored(store, Writes.session(ID), Writes.stream(ID, 0), Writes.event(ID, 0, 1), Writes.event(ID, 0, 2));
            server.command("SAVE");
            stored(store, Writes.event(ID, 0, 3));
            server.kill();
            server.startAgain();

            assertThat(settled(store, Writes.event(ID, 0, 4))).isEqualTo(LOST);
            assertThat(store.bootEpoch()).isEqualTo(1);
            assertThat(sequences(store)).containsExactly(1L, 2L);
            assertThat(store.lost(List.of(ID))).containsExactly(ID);
            assertThat(store.renew()).as("without a break").isFalse();
            assertThat(store.abandoned(10)).containsExactly(ID);
            assertThat(store.claim(ID)).isInstanceOf(Claim.Held.class);
            stored(store, Writes.event(ID, 0, 1_000));
            assertThat(sequences(store)).containsExactly(1L, 2L, 1_000L);
            try (SharedStore second = open(server.url(), SECOND)) {
                assertThat(second.bootEpoch()).isEqualTo(1);
                assertThat(second.claim(ID)).isEqualTo(new Claim.Elsewhere(FIRST.address()));
            }
        }
    }

    @Test
    void aRenewalThatFailedHalfwayStillTellsThatTheLeaseWasBroken() throws Exception {
        try (RedisProcess server = RedisProcess.start();
                SharedStore store = open(server.url(), FIRST);
                SharedStore second = open(server.url(), SECOND)) {
            store.renew();
            second.renew();
            assertThat(store.renew()).isTrue();
            server.command("DEL", "shadowcat:lease:" + FIRST.incarnation());
            server.command("SET", "shadowcat:running", "no set");
            assertThat(thrown(store::renew)).contains("WRONGTYPE");
            server.command("DEL", "shadowcat:running");
            assertThat(store.renew()).as("without a break").isFalse();
            assertThat(second.others()).containsExactly(FIRST.address());
            assertThat(store.renew()).isTrue();
        }
    }

    @Test
    void whoOnlyRenewsNoticesARestartToo() throws Exception {
        try (RedisProcess server = RedisProcess.start("--appendonly", "yes");
                SharedStore store = open(server.url(), FIRST);
                SharedStore second = open(server.url(), SECOND)) {
            store.renew();
            second.renew();
            stored(store, Writes.session(ID));
            assertThat(store.renew()).isTrue();
            byte[] key = store.credentialKey();
            server.kill();
            assertThat(thrown(store::renew)).contains("127.0.0.1:" + server.port());
            server.startAgain();
            assertThat(store.renew()).isFalse();
            assertThat(store.bootEpoch()).isEqualTo(1);
            assertThat(store.renew()).isTrue();
            assertThat(second.renew()).isFalse();
            assertThat(second.bootEpoch())
                    .as("one restart is one epoch, whoever sees it")
                    .isEqualTo(1);
            assertThat(second.credentialKey()).isEqualTo(key);
            assertThat(thrown(() -> second.claim(ID, 0)))
                    .as("what was free before is not free for that")
                    .contains("another server took the place");
            assertThat(second.claim(ID)).as("whoever comes first").isInstanceOf(Claim.Held.class);
            assertThat(store.claim(ID)).isEqualTo(new Claim.Elsewhere(SECOND.address()));
        }
    }

    @Test
    void aStoreThatWasEmptiedIsANewEpochToo() throws Exception {
        try (RedisProcess server = RedisProcess.start();
                SharedStore store = open(server.url(), FIRST)) {
            byte[] key = store.credentialKey();
            stored(store, Writes.session(ID));
            server.command("FLUSHALL");
            assertThat(store.renew()).isFalse();
            assertThat(store.bootEpoch()).isEqualTo(1);
            assertThat(store.credentialKey()).isEqualTo(key);
            assertThat(store.claim(ID)).isEqualTo(new Claim.Absent());
        }
    }

    @Test
    void aStoreOfANewerVersionIsRefusedAndLeftAsItIs() throws Exception {
        try (RedisProcess server = RedisProcess.start("--appendonly", "yes")) {
            open(server.url(), FIRST).close();
            server.command("HSET", "shadowcat:store", "format", "2");
            server.kill();
            server.startAgain();
            String before = server.command("HGETALL", "shadowcat:store");
            for (Runnable opening : List.<Runnable>of(
                    () -> open(server.url(), FIRST).close(),
                    () -> RedisStores.openReadOnly(RedisUrl.parse(server.url()), RedisSettings.DEFAULTS)
                            .close())) {
                assertThat(thrown(opening))
                        .isEqualTo("the store has format 2, but this version of Shadowcat reads up to 1:"
                                + " use the version that wrote it, or a newer one");
            }
            assertThat(server.command("HGETALL", "shadowcat:store")).isEqualTo(before);
        }
    }

    @Test
    void nothingIsClaimedOnAnotherServerBeforeTheLeaseIsRenewedThere() throws Exception {
        try (RedisProcess server = RedisProcess.start("--appendonly", "yes");
                SharedStore store = open(server.url(), FIRST)) {
            store.renew();
            stored(store, Writes.session(ID));
            server.kill();
            server.startAgain();
            assertThat(settled(store, Writes.event(ID, 0, 1))).isEqualTo(LOST);
            assertThat(thrown(() -> store.claim(ID))).contains("the lease of this node");
            store.renew();
            assertThat(store.claim(ID)).isInstanceOf(Claim.Held.class);
        }
    }

    @Test
    void whatTheHolderStillHasIsPutAnewWhereTheServerLostIt() throws Exception {
        try (RedisProcess server = RedisProcess.start();
                SharedStore store = open(server.url(), FIRST)) {
            store.renew();
            stored(store, Writes.session(ID), Writes.stream(ID, 0), Writes.event(ID, 0, 1));
            server.kill();
            server.startAgain();
            await().ignoreExceptionsInstanceOf(StoreException.class).until(() -> !store.renew());
            assertThat(store.claim(ID)).isEqualTo(new Claim.Absent());
            stored(store, Writes.session(ID), Writes.stream(ID, 0), Writes.event(ID, 0, 1));
            assertThat(store.claim(ID)).isEqualTo(Claim.Held.BEFORE);
            assertThat(sequences(store)).containsExactly(1L);
        }
    }

    @Test
    void aServerThatWasAReplicaMeanwhileIsAnotherOne() throws Exception {
        try (RedisProcess server = RedisProcess.start();
                RedisProcess other = RedisProcess.start();
                SharedStore store = open(server.url(), FIRST)) {
            replicate(other, server);
            store.renew();
            stored(store, claimed(store), Writes.stream(ID, 0));
            int before = store.bootEpoch();
            other.command("REPLICAOF", "NO", "ONE");
            replicate(server, other);
            assertThat(store.append(List.of(Writes.event(ID, 0, 1)))).isInstanceOf(AppendOutcome.Busy.class);
            server.command("REPLICAOF", "NO", "ONE");
            assertThat(settled(store, Writes.event(ID, 0, 1))).isEqualTo(LOST);
            assertThat(store.bootEpoch()).isEqualTo(before + 1);
        }
    }

    @Test
    void aFailoverBySentinelIsFollowedAndEndsAllClaims() throws Exception {
        try (RedisProcess master = RedisProcess.start();
                RedisProcess replica = RedisProcess.start()) {
            replicate(replica, master);
            Path file = Files.writeString(Files.createTempFile("sentinel", ".conf"), """
                    sentinel monitor main 127.0.0.1 %d 1
                    sentinel down-after-milliseconds main 500
                    sentinel failover-timeout main 3000
                    """.formatted(master.port()));
            try (RedisProcess sentinel = RedisProcess.startSentinel(file)) {
                await().until(() ->
                        sentinel.command("SENTINEL", "MASTER", "main").contains("num-slaves\r\n$1\r\n1"));
                String url = "redis-sentinel://127.0.0.1:" + sentinel.port() + "#main";
                try (SharedStore store = open(url, FIRST)) {
                    store.renew();
                    stored(store, Writes.session(ID), Writes.stream(ID, 0), Writes.event(ID, 0, 1));
                    await().until(() ->
                            replica.command("GET", "shadowcat:lease:node-1").contains(FIRST.address()));
                    int before = store.bootEpoch();
                    master.kill();
                    assertThat(settled(store, Writes.event(ID, 0, 2))).isEqualTo(LOST);
                    assertThat(store.bootEpoch()).isEqualTo(before + 1);
                    store.renew();
                    assertThat(store.claim(ID)).isInstanceOf(Claim.Held.class);
                    stored(store, Writes.event(ID, 0, 1_000));
                    assertThat(sequences(store)).endsWith(1_000L);
                }
            }
        }
    }

    private static void replicate(RedisProcess replica, RedisProcess master) {
        replica.command("REPLICAOF", "127.0.0.1", "" + master.port());
        await().atMost(Duration.ofSeconds(30))
                .until(() -> replica.command("INFO", "replication").contains("master_link_status:up"));
    }

    /** A replica's coming may have begun an epoch already. */
    private static StoreWrite claimed(SharedStore store) {
        store.claim(ID);
        return Writes.session(ID);
    }

    private static SharedStore open(String url, NodeIdentity node) {
        return RedisStores.open(
                RedisUrl.parse(url),
                RedisSettings.DEFAULTS.withTimeout(Duration.ofSeconds(2)).withLease(Duration.ofMinutes(5)),
                node);
    }

    private static void stored(SharedStore store, StoreWrite... batch) {
        assertThat(store.append(List.of(batch))).isEqualTo(AppendOutcome.Stored.ALL);
    }

    /** Tries as the worker does, until the store says what became of it. */
    private static AppendOutcome settled(SharedStore store, StoreWrite write) {
        AtomicReference<AppendOutcome> last = new AtomicReference<>();
        await().atMost(Duration.ofSeconds(30))
                .ignoreExceptionsInstanceOf(StoreException.class)
                .until(() -> {
                    last.set(store.append(List.of(write)));
                    return !(last.get() instanceof AppendOutcome.Busy);
                });
        return last.get();
    }

    private static String thrown(Runnable call) {
        try {
            call.run();
            return "nothing was thrown";
        } catch (StoreException failed) {
            return String.valueOf(failed.getMessage());
        }
    }

    private static List<Long> sequences(SharedStore store) {
        return store.read(ID, 0, 0, Integer.MAX_VALUE, Long.MAX_VALUE).stream()
                .map(Event::sequence)
                .toList();
    }
}
