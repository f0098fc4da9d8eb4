package dev.shadowcat.persist;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.persist.DeferredWrites.Offered;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import dev.shadowcat.store.StoreWrite.TouchSession;
import dev.shadowcat.testkit.ForwardingStore;
import dev.shadowcat.testkit.Writes;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Activity is written for nobody who waits: the newest of each session, at 50 entries or after 100 ms. */
@Tag("activity-batching")
class DeferredWritesTest {
    private static final SessionId ID = new SessionId(1, 1);

    private final WorkerHarness harness = new WorkerHarness();
    private final AtomicLong lastTouched = new AtomicLong(1);

    private static SessionActivity at(long millis) {
        return new SessionActivity(millis, millis);
    }

    private static SessionId id(int number) {
        return new SessionId(number, number);
    }

    private long lastActive(SessionId id) {
        return harness.store.session(id).orElseThrow().activity().lastActiveMillis();
    }

    @Test
    void aSingleUpdateWaitsForTheIntervalAndNoLonger() throws InterruptedException {
        harness.lane(ID);
        harness.worker.touch(ID, at(7));
        harness.turn();
        harness.clock.advance(Duration.ofMillis(99));
        harness.turn();
        assertThat(harness.batches).isEmpty();
        harness.clock.advance(Duration.ofMillis(1));
        harness.turn();
        assertThat(lastActive(ID)).isEqualTo(7);
        assertThat(harness.worker.deferredDepth()).isZero();
    }

    @Test
    void theIntervalBeginsAnewWithTheFirstUpdateAfterAFlush() throws InterruptedException {
        harness.lane(ID);
        harness.worker.touch(ID, at(1));
        harness.clock.advance(Duration.ofMillis(100));
        harness.turn();
        harness.clock.advance(Duration.ofMillis(70));
        harness.worker.touch(ID, at(2));
        harness.clock.advance(Duration.ofMillis(70));
        harness.turn();
        assertThat(lastActive(ID)).isEqualTo(1);
        harness.clock.advance(Duration.ofMillis(30));
        harness.turn();
        assertThat(lastActive(ID)).isEqualTo(2);
    }

    @Test
    void onlyTheNewestOfASessionIsWritten() throws InterruptedException {
        harness.lane(ID);
        for (long millis = 1; millis <= 1_000; millis++) {
            harness.worker.touch(ID, at(millis));
        }
        harness.turn();
        assertThat(harness.batches).as("one session is one entry").isEmpty();
        harness.clock.advance(Duration.ofMillis(100));
        harness.turn();
        assertThat(harness.batches).containsExactly(List.of(new TouchSession(ID, at(1_000))));
        assertThat(harness.counts.coalesced).isEqualTo(999);
    }

    @Test
    void fiftySessionsAreFlushedAtOnce() throws InterruptedException {
        for (int session = 1; session <= 49; session++) {
            harness.worker.touch(id(session), at(1));
        }
        harness.turn();
        assertThat(harness.batches).isEmpty();
        harness.worker.touch(id(50), at(1));
        harness.turn();
        assertThat(harness.batches).extracting(List::size).containsExactly(50);
    }

    @Test
    void manyBusySessionsAreFlushedOnceAnInterval() throws InterruptedException {
        int sessions = 100;
        for (int update = 0; update < 10_000; update++) { // a second of them, in turns, with a worker that never sleeps
            harness.worker.touch(id(1 + update % sessions), at(update));
            harness.clock.advance(Duration.ofNanos(100_000));
            harness.turn();
        }
        int written = harness.batches.stream().mapToInt(List::size).sum();
        assertThat(10_000.0 / written).as("updates for each one written").isGreaterThanOrEqualTo(9);
        assertThat(harness.counts.skipped).isZero();
        assertThat(harness.counts.updates).isEqualTo(10_000);
        assertThat(harness.counts.updates - harness.counts.coalesced)
                .as("what was not coalesced was written, or waits")
                .isEqualTo(written + harness.worker.deferredDepth());
    }

    @Test
    void halfOfWhatMayWaitIsFlushedEvenWithinAnInterval() throws InterruptedException {
        harness.worker.touch(id(1), at(1));
        harness.clock.advance(Duration.ofMillis(100));
        harness.turn();
        for (int session = 1; session < 500; session++) {
            harness.worker.touch(id(session), at(1));
        }
        harness.turn();
        assertThat(harness.batches).extracting(List::size).containsExactly(1);
        harness.worker.touch(id(500), at(1));
        harness.turn();
        assertThat(harness.batches).extracting(List::size).containsExactly(1, 500);
    }

    @Test
    void theWorkerIsWokenOnceAnIntervalAndOnceWhereThereAreEnough() {
        DeferredWrites writes =
                new DeferredWrites(() -> PersistenceSettings.DEFAULTS, harness.counts, harness.clock.nanoTime());
        int woken = 0;
        for (int update = 0; update < 1_000; update++) {
            woken += writes.offer(id(1 + update % 40), at(update)) == Offered.WAKING ? 1 : 0;
        }
        assertThat(woken).as("for the first alone").isOne();
        for (int session = 41; session <= 50; session++) {
            woken += writes.offer(id(session), at(1)) == Offered.WAKING ? 1 : 0;
        }
        assertThat(woken).as("and for the fiftieth").isEqualTo(2);
    }

    @Test
    void anUpdateStartsNoThreadAndNoTask() throws InterruptedException {
        harness.lane(ID);
        long before = ManagementFactory.getThreadMXBean().getTotalStartedThreadCount();
        for (int update = 0; update < 10_000; update++) {
            harness.worker.touch(id(1 + update % 100), at(update));
            harness.clock.advance(Duration.ofMillis(1));
            harness.turn();
        }
        assertThat(ManagementFactory.getThreadMXBean().getTotalStartedThreadCount() - before)
                .as("threads, those of others in this process included")
                .isLessThan(20);
        assertThat(harness.loop.executed).as("tasks").isZero();
    }

    @Test
    void anAwaitedWriteDoesNotWaitForThem() throws InterruptedException {
        Lane lane = harness.lane(ID);
        harness.worker.touch(ID, at(1));
        lane.offer(Writes.event(ID, 0, 1), harness.completion);
        harness.turn();
        assertThat(harness.stored).hasSize(1);
        assertThat(harness.batches).extracting(List::size).containsExactly(1);
    }

    @Test
    void theyNeverBringASessionIntoBeing() throws InterruptedException {
        harness.worker.touch(ID, at(1));
        harness.clock.advance(Duration.ofMillis(100));
        harness.turn();
        assertThat(harness.batches).hasSize(1);
        assertThat(harness.store.session(ID)).isEmpty();
    }

    @Test
    void aSessionThatEndedIsForgotten() throws InterruptedException {
        Lane lane = harness.lane(ID);
        harness.worker.touch(ID, at(1));
        harness.worker.forget(ID);
        lane.close(new StoreWrite.DeleteSession(ID), harness.completion);
        harness.clock.advance(Duration.ofMillis(100));
        harness.turn();
        assertThat(harness.batches).containsExactly(List.of(new StoreWrite.DeleteSession(ID)));
    }

    @Test
    void theyAreKeptThroughFailuresOfTheStoreTheNewestOnly() throws InterruptedException {
        harness.lane(ID);
        harness.worker.touch(ID, at(1));
        harness.clock.advance(Duration.ofMillis(100));
        harness.store.throwFor(3);
        harness.whilePausing = () -> harness.worker.touch(ID, at(lastTouched.incrementAndGet()));
        harness.turn();
        assertThat(lastActive(ID)).isEqualTo(4);
        assertThat(harness.batches).containsExactly(List.of(new TouchSession(ID, at(4))));
        assertThat(harness.worker.deferredDepth()).isZero();
        assertThat(harness.counts.coalesced).isEqualTo(3);
    }

    @Test
    void whatTheStoreMayNotHaveCanBeSeenUntilItsFateIsKnown() throws InterruptedException {
        harness.lane(ID);
        harness.worker.touch(ID, at(1));
        assertThat(harness.worker.pendingActivity(ID)).isEqualTo(at(1));
        harness.clock.advance(Duration.ofMillis(100));
        harness.store.throwFor(2);
        List<SessionActivity> seen = new ArrayList<>();
        harness.whilePausing = () -> {
            seen.add(harness.worker.pendingActivity(ID));
            harness.worker.touch(ID, at(7));
        };
        harness.turn();
        assertThat(seen).containsExactly(at(1), at(7));
        assertThat(harness.worker.pendingActivity(ID)).isNull();
        harness.worker.touch(ID, at(8));
        harness.worker.forget(ID);
        assertThat(harness.worker.pendingActivity(ID)).isNull();
    }

    @Test
    void aNewerOneIsNotLostWhereAFailureFollowsARefusal() throws InterruptedException {
        harness.lane(ID);
        AppendEvent poison = Writes.event(ID, 0, 1);
        harness.store.refuseByName(poison::equals);
        int[] calls = new int[1];
        EventStore failsSecond = new ForwardingStore(harness.store) {
            @Override
            public AppendOutcome append(List<StoreWrite> batch) {
                calls[0]++;
                return calls[0] == 2 ? new AppendOutcome.Busy(Duration.ZERO, "told to fail") : super.append(batch);
            }
        };
        PersistenceWorker worker = harness.worker(failsSecond, PersistenceSettings.DEFAULTS);
        Lane own = worker.lane(harness.loop, WorkerHarness.IGNORE);
        worker.touch(ID, at(1));
        harness.clock.advance(Duration.ofMillis(100));
        own.offer(poison, harness.completion);
        own.offer(Writes.event(ID, 0, 2), harness.completion);
        harness.whilePausing = () -> worker.touch(ID, at(2));
        worker.writeOne();
        harness.clock.advance(Duration.ofMillis(100));
        worker.writeOne();
        assertThat(calls[0]).isGreaterThanOrEqualTo(3);
        assertThat(lastActive(ID)).isEqualTo(2);
    }

    @Test
    void theirNumberIsBoundedAndWhoIsInMayStillMoveOn() {
        int limit = PersistenceSettings.DEFAULTS.queueCapacity();
        for (int session = 1; session <= limit + 5; session++) {
            harness.worker.touch(id(session), at(1));
        }
        harness.worker.touch(id(1), at(2));
        assertThat(harness.worker.deferredDepth()).isEqualTo(limit);
        assertThat(harness.counts.skipped).isEqualTo(5);
        assertThat(harness.counts.coalesced).isOne();
    }

    @Test
    void aBatchKeepsItsBoundWithThemInIt() throws InterruptedException {
        WorkerHarness small = new WorkerHarness(WorkerHarness.queue(1_000, 1 << 20, 40_000));
        Lane lane = small.lane(ID);
        for (long sequence = 1; sequence <= 400; sequence++) {
            lane.offer(Writes.event(ID, 0, sequence), small.completion);
        }
        for (int session = 1; session <= 60; session++) {
            small.worker.touch(id(session), at(1));
        }
        small.turnUntilNothingWaits();
        assertThat(small.worker.deferredDepth()).isZero();
        assertThat(small.stored).hasSize(400);
        assertThat(small.batches)
                .allMatch(batch -> batch.stream().mapToInt(StoreWrite::bytes).sum() <= 40_000);
    }
}
