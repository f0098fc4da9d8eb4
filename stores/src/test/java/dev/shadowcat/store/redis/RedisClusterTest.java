package dev.shadowcat.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.NodeIdentity;
import dev.shadowcat.store.Partition;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.store.SharedStore.Claim;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.testkit.RedisProcess;
import dev.shadowcat.testkit.Writes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** On a cluster a batch is all or nothing for each session, and a server that fails takes no session with it but its own. */
class RedisClusterTest {
    private static final NodeIdentity FIRST = new NodeIdentity("node-1", "10.0.0.1:8080");
    private static final NodeIdentity SECOND = new NodeIdentity("node-2", "10.0.0.2:8080");
    private static final RedisSettings SETTINGS =
            RedisSettings.DEFAULTS.withTimeout(Duration.ofSeconds(2)).withLease(Duration.ofMinutes(5));
    private static final int SESSIONS = 30;

    private RedisCluster cluster;
    private SharedStore first;
    private SharedStore second;

    @BeforeEach
    void start() throws Exception {
        cluster = RedisCluster.start();
        first = RedisStores.open(RedisUrl.parse(cluster.url()), SETTINGS, FIRST);
        second = RedisStores.open(RedisUrl.parse(cluster.url()), SETTINGS, SECOND);
        first.renew();
        second.renew();
    }

    @AfterEach
    void stop() {
        for (SharedStore store : new SharedStore[] {first, second}) {
            if (store != null) {
                store.close();
            }
        }
        cluster.close();
    }

    @Test
    void whatIsLostNamesItsSessionsAndSentAgainWithoutThemAllIsStored() {
        SessionId ours = new SessionId(1, 1);
        SessionId theirs = new SessionId(2, 2);
        stored(first, Writes.session(theirs), Writes.stream(theirs, 0));
        stored(second, Writes.session(ours), Writes.stream(ours, 0));
        assertThat(second.append(
                        List.of(Writes.event(theirs, 0, 1), Writes.event(ours, 0, 1), Writes.stream(theirs, 1))))
                .isEqualTo(new AppendOutcome.Lost(Set.of(theirs)));
        stored(second, Writes.event(ours, 0, 1));
        assertThat(first.streams(theirs)).hasSize(1);
        assertThat(first.read(theirs, 0, 0, 10, Long.MAX_VALUE)).isEmpty();
        assertThat(first.read(ours, 0, 0, 10, Long.MAX_VALUE)).hasSize(1);
    }

    @Test
    void aSessionIsTakenOnceItsHoldersLeaseIsOverWhereverThatIsKept() {
        List<SessionId> all = begin(first);
        for (SessionId id : all) {
            assertThat(second.claim(id)).isEqualTo(new Claim.Elsewhere(FIRST.address()));
        }
        assertThat(second.abandoned(SESSIONS)).isEmpty();
        first.leave();
        assertThat(second.abandoned(SESSIONS)).containsExactlyInAnyOrderElementsOf(all);
        for (SessionId id : all) {
            assertThat(second.claim(id)).isInstanceOf(Claim.Held.class);
        }
        assertThat(second.abandoned(SESSIONS)).isEmpty();
        assertThat(first.lost(all)).hasSize(SESSIONS);
        assertThat(second.sessions(null, SESSIONS + 1)).hasSize(SESSIONS);
    }

    @Test
    void aServerThatFailsIsAPartAndItsRestartEndsAllClaims() throws Exception {
        List<SessionId> all = begin(first);
        RedisProcess failing = cluster.servers().getLast();
        failing.kill();

        List<StoreWrite> events = new ArrayList<>();
        all.forEach(id -> events.add(Writes.event(id, 0, 1)));
        AtomicReference<Partition> part = new AtomicReference<>();
        await().atMost(Duration.ofSeconds(20)).until(() -> {
            if (first.append(events) instanceof AppendOutcome.Busy busy && busy.part() instanceof Partition.Shard) {
                part.set(busy.part());
            }
            return part.get() != null;
        });
        List<StoreWrite> rest = new ArrayList<>(events);
        rest.removeIf(write -> part.get().holds(write.session()));
        assertThat(rest).hasSizeBetween(1, SESSIONS - 1);
        assertThat(first.append(rest)).isEqualTo(AppendOutcome.Stored.ALL);

        failing.startAgain();
        await().atMost(Duration.ofSeconds(30)).ignoreExceptions().until(() -> {
            first.renew();
            return first.bootEpoch() == 1;
        });
        await().atMost(Duration.ofSeconds(30))
                .ignoreExceptions()
                .until(() -> first.append(rest) instanceof AppendOutcome.Lost lost
                        && lost.sessions().size() == rest.size());
        for (StoreWrite write : rest) {
            await().atMost(Duration.ofSeconds(30))
                    .ignoreExceptionsInstanceOf(StoreException.class)
                    .until(() -> first.claim(write.session()) instanceof Claim.Held);
        }
        await().atMost(Duration.ofSeconds(30)).until(() -> first.append(rest) instanceof AppendOutcome.Stored);
    }

    @Test
    void whereTheIndexCannotBeWrittenOnlyWhatChangesItWaits() throws Exception {
        List<SessionId> all = begin(first);
        RedisProcess failing = cluster.servers().stream()
                .filter(server -> server.command("EXISTS", "shadowcat:nodes").contains(":1"))
                .findFirst()
                .orElseThrow();
        failing.kill();
        AtomicReference<SessionId> elsewhere = new AtomicReference<>();
        await().atMost(Duration.ofSeconds(20)).until(() -> {
            for (SessionId id : all) {
                if (first.append(List.of(Writes.event(id, 0, 1))) instanceof AppendOutcome.Stored) {
                    elsewhere.set(id);
                }
            }
            return elsewhere.get() != null;
        });
        SessionId id = elsewhere.get();
        assertThat(first.append(List.of(Writes.stream(id, 1), Writes.event(id, 1, 1))))
                .isInstanceOfSatisfying(AppendOutcome.Busy.class, busy -> {
                    assertThat(busy.part().holds(id)).isTrue();
                    assertThat(all)
                            .anySatisfy(other ->
                                    assertThat(busy.part().holds(other)).isFalse());
                });
        failing.startAgain();
    }

    private static List<SessionId> begin(SharedStore store) {
        List<SessionId> all = new ArrayList<>();
        List<StoreWrite> batch = new ArrayList<>();
        for (int i = 0; i < SESSIONS; i++) {
            SessionId id = new SessionId((long) i << 58, i);
            all.add(id);
            batch.add(Writes.session(id));
            batch.add(Writes.stream(id, 0));
        }
        assertThat(store.append(batch)).isEqualTo(AppendOutcome.Stored.ALL);
        return all;
    }

    private static void stored(SharedStore store, StoreWrite... batch) {
        assertThat(store.append(List.of(batch))).isEqualTo(AppendOutcome.Stored.ALL);
    }
}
