package dev.shadowcat.persist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.observe.Dropped;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.MemoryStore;
import dev.shadowcat.store.Partition;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.testkit.FailingStore;
import dev.shadowcat.testkit.ForwardingStore;
import dev.shadowcat.testkit.Writes;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The worker's own thread: starts, takes what is offered, and ends within its deadline, saying what it leaves behind. */
@Tag("persistence-worker")
@Timeout(60)
class WorkerShutdownTest {
    private static final SessionId ID = new SessionId(1, 1);
    private static final SessionId OTHER = new SessionId(2, 2);
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(200);

    private final FailingStore store = new FailingStore(() -> new MemoryStore(Long.MAX_VALUE));
    private final AtomicInteger stored = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
    private final CountDownLatch released = new CountDownLatch(1);
    private final WorkerHarness.Counts counts = new WorkerHarness.Counts();

    private final Completion completion = new Completion() {
        @Override
        public void stored(StoreWrite write) {
            stored.incrementAndGet();
        }

        @Override
        public void refused(StoreWrite write, String reason) {
            refused.incrementAndGet();
        }
    };

    @AfterEach
    void release() {
        store.heal();
        released.countDown();
    }

    private PersistenceWorker started(EventStore behind, PersistenceSettings settings) {
        PersistenceWorker worker = new PersistenceWorker(behind, settings, (write, reason) -> {}, counts);
        worker.start();
        return worker;
    }

    private Lane lane(PersistenceWorker worker) {
        store.append(List.of(Writes.session(ID), Writes.stream(ID, 0)));
        return worker.lane(Runnable::run, WorkerHarness.IGNORE);
    }

    @Test
    void whatIsOfferedIsStoredWithoutAnyoneTurningIt() {
        PersistenceWorker worker = started(store, PersistenceSettings.DEFAULTS);
        lane(worker).offer(Writes.event(ID, 0, 1), completion);
        worker.touch(ID, new SessionActivity(9, 0));
        await().until(() -> stored.get() == 1);
        await().until(() -> store.session(ID).orElseThrow().activity().lastActiveMillis() == 9);
        assertThat(worker.close(LONG)).isZero();
    }

    @Test
    void closingDrainsWhatWaitsAndSyncsIt() {
        PersistenceWorker worker = started(store, WorkerHarness.queue(4, 1 << 20, 1 << 20));
        Lane lane = lane(worker);
        store.stall();
        for (long sequence = 1; sequence <= 20; sequence++) {
            lane.offer(Writes.event(ID, 0, sequence), completion);
        }
        worker.touch(ID, new SessionActivity(9, 0));
        await().until(store::isStalling);
        Thread releaser = Thread.ofVirtual().start(() -> {
            Lane probe = worker.lane(Runnable::run, WorkerHarness.IGNORE);
            await().until(
                            () -> { // until the worker takes no more: close() is under way
                                probe.offer(Writes.event(OTHER, 0, 1), completion);
                                return refused.get() > 0;
                            });
            store.release();
        });
        assertThat(worker.close(LONG)).isZero();
        await().until(() -> !releaser.isAlive());
        assertThat(stored).hasValueGreaterThanOrEqualTo(20);
        store.crash();
        assertThat(store.read(ID, 0, 0, 100, 1 << 20)).as("on the disk").hasSizeGreaterThanOrEqualTo(20);
        assertThat(store.session(ID).orElseThrow().activity().lastActiveMillis())
                .isEqualTo(9);
    }

    @Test
    void whatAHangingStoreDidNotTakeIsReported() {
        PersistenceWorker worker = started(store, WorkerHarness.queue(4, 1 << 20, 1 << 20));
        Lane lane = lane(worker);
        store.stall();
        lane.offer(Writes.event(ID, 0, 1), completion);
        await().until(store::isStalling);
        for (long sequence = 2; sequence <= 10; sequence++) {
            lane.offer(Writes.event(ID, 0, sequence), completion); // four in the queue, five without room in it
        }
        worker.touch(ID, new SessionActivity(9, 0));
        assertThat(worker.close(SHORT)).isEqualTo(11);
        assertThat(counts.dropped).containsExactly(entry(Dropped.CLOSING, 11));
        assertThat(stored).hasValue(0);
    }

    @Test
    void whatAFailingStoreDidNotTakeIsReported() {
        PersistenceWorker worker = started(store, PersistenceSettings.DEFAULTS);
        Lane lane = lane(worker);
        store.throwFor(Integer.MAX_VALUE);
        lane.offer(Writes.event(ID, 0, 1), completion);
        await().until(() -> worker.failure() != null);
        lane.offer(Writes.event(ID, 0, 2), completion);
        assertThat(worker.close(SHORT)).isEqualTo(2);
        assertThat(stored).hasValue(0);
    }

    @Test
    void whatAFailingPartDidNotTakeIsReportedAndTheRestIsStored() {
        PersistenceWorker worker = started(store, PersistenceSettings.DEFAULTS);
        Lane lane = lane(worker);
        store.append(List.of(Writes.session(OTHER), Writes.stream(OTHER, 0)));
        Lane other = worker.lane(Runnable::run, WorkerHarness.IGNORE);
        store.fail(new Partition.OneSession(ID));
        lane.offer(Writes.event(ID, 0, 1), completion);
        await().until(() -> worker.failingPartitions() == 1);
        lane.offer(Writes.event(ID, 0, 2), completion);
        other.offer(Writes.event(OTHER, 0, 1), completion);
        worker.touch(ID, new SessionActivity(9, 0));
        assertThat(worker.close(SHORT)).isEqualTo(3);
        assertThat(stored).hasValue(1);
    }

    @Test
    void aPauseThatIsUnderWayDoesNotKeepWhatTheStoreMayTakeByNow() {
        PersistenceWorker worker = started(store, slowToRetry());
        Lane lane = lane(worker);
        store.beBusyFor(1);
        lane.offer(Writes.event(ID, 0, 1), completion);
        await().until(() -> worker.failure() != null);
        assertThat(worker.close(LONG)).isZero();
        assertThat(stored).hasValue(1);
    }

    @Test
    void aFailingPartIsTriedAtOnceWhereTheWorkerCloses() {
        PersistenceWorker worker = started(store, slowToRetry());
        Lane lane = lane(worker);
        store.fail(new Partition.OneSession(ID));
        lane.offer(Writes.event(ID, 0, 1), completion);
        await().until(() -> worker.failingPartitions() == 1);
        store.heal();
        assertThat(worker.close(LONG)).isZero();
        assertThat(stored).hasValue(1);
    }

    @Test
    void whatWasSentOnUnstoredAndIsNotStoredByTheEndIsReported() {
        PersistenceSettings defaults = PersistenceSettings.DEFAULTS;
        Set<StoreWrite> sent = ConcurrentHashMap.newKeySet();
        PersistenceWorker worker = started(
                store,
                WorkerHarness.withFailure(
                        defaults,
                        new StoreFailureSettings(Duration.ofSeconds(5), OnStoreFailure.DELIVER, Duration.ZERO)));
        Lane lane = lane(worker);
        store.throwFor(Integer.MAX_VALUE);
        Completion sends = new Completion() {
            @Override
            public void stored(StoreWrite write) {
                stored.incrementAndGet();
            }

            @Override
            public boolean unstored(StoreWrite write) {
                return sent.add(write);
            }

            @Override
            public void refused(StoreWrite write, String reason) {}
        };
        lane.offer(Writes.event(ID, 0, 1), sends);
        lane.offer(Writes.event(ID, 0, 2), sends);
        await().until(() -> sent.size() == 2);
        assertThat(worker.close(SHORT)).isEqualTo(2);
        assertThat(stored).hasValue(0);
    }

    @Test
    void closingTriesAStoreThatIsBackAtOnceWhereEventsWereSentOnUnstored() {
        PersistenceWorker worker = started(
                store,
                WorkerHarness.withFailure(
                        slowToRetry(),
                        new StoreFailureSettings(Duration.ofSeconds(5), OnStoreFailure.DELIVER, Duration.ZERO)));
        AtomicInteger sent = new AtomicInteger();
        Lane lane = lane(worker);
        store.throwFor(Integer.MAX_VALUE);
        lane.offer(Writes.event(ID, 0, 1), new Completion() {
            @Override
            public void stored(StoreWrite write) {
                stored.incrementAndGet();
            }

            @Override
            public boolean unstored(StoreWrite write) {
                return sent.compareAndSet(0, 1);
            }

            @Override
            public void refused(StoreWrite write, String reason) {}
        });
        await().until(() -> sent.get() == 1);
        store.heal();
        assertThat(worker.close(LONG)).isZero();
        await().until(() -> stored.get() == 1);
    }

    /** Pauses anywhere below an hour. */
    private static PersistenceSettings slowToRetry() {
        PersistenceSettings defaults = PersistenceSettings.DEFAULTS;
        return new PersistenceSettings(
                defaults.queueCapacity(),
                defaults.queueBytes(),
                defaults.batchBytes(),
                defaults.deferredEntries(),
                defaults.deferredInterval(),
                defaults.syncInterval(),
                Duration.ofHours(1),
                Duration.ofHours(1));
    }

    @Test
    void anErrorOfTheStoreEndsTheWorkerWithAMessage() {
        AtomicReference<String> fatal = new AtomicReference<>("");
        PersistenceWorker worker = new PersistenceWorker(
                new ForwardingStore(store) {
                    @Override
                    public AppendOutcome append(List<StoreWrite> batch) {
                        throw new OutOfMemoryError("told to run out");
                    }
                },
                PersistenceSettings.DEFAULTS,
                (write, reason) -> {},
                Observer.NONE,
                (what, error) -> fatal.set(what + ": " + error.getMessage()));
        worker.start();
        lane(worker).offer(Writes.event(ID, 0, 1), completion);
        await().until(() -> !fatal.get().isEmpty());
        assertThat(fatal).hasValue("the persistence worker: told to run out");
        assertThat(worker.failure()).contains("the persistence worker ended").contains("told to run out");
        assertThat(worker.close(SHORT)).as("it is not known to be stored").isOne();
    }

    @Test
    void anyExceptionOfTheStoreIsSurvived() {
        AtomicInteger exceptions = new AtomicInteger(2);
        PersistenceWorker worker = started(
                new ForwardingStore(store) {
                    @Override
                    public AppendOutcome append(List<StoreWrite> batch) {
                        if (exceptions.getAndDecrement() > 0) {
                            throw new IllegalStateException("told to break");
                        }
                        return super.append(batch);
                    }
                },
                PersistenceSettings.DEFAULTS);
        lane(worker).offer(Writes.event(ID, 0, 1), completion);
        await().until(() -> stored.get() == 1);
        assertThat(worker.failure()).isNull();
        assertThat(worker.close(LONG)).isZero();
    }

    @Test
    void aStoreThatDoesNotReturnIsToldUntilItDoes() {
        PersistenceSettings defaults = PersistenceSettings.DEFAULTS;
        PersistenceWorker worker = started(
                store,
                WorkerHarness.withFailure(
                        defaults, new StoreFailureSettings(Duration.ofMillis(1), OnStoreFailure.HOLD, Duration.ZERO)));
        Lane lane = lane(worker);
        store.stall();
        lane.offer(Writes.event(ID, 0, 1), completion);
        await().until(() -> worker.failure() != null);
        assertThat(worker.failure()).startsWith("has not taken a batch for");
        store.release();
        await().until(() -> stored.get() == 1);
        await().until(() -> worker.failure() == null);
        assertThat(worker.close(LONG)).isZero();
    }

    @Test
    void aDiskThatHangsIsNotWaitedForBeyondTheDeadline() {
        PersistenceWorker worker = started(
                new ForwardingStore(store) {
                    @Override
                    public void sync() {
                        boolean over = false;
                        while (!over) {
                            try {
                                released.await();
                                over = true;
                            } catch (InterruptedException hanging) {
                                // a disk does not hear of interrupts
                            }
                        }
                    }
                },
                PersistenceSettings.DEFAULTS);
        lane(worker).offer(Writes.event(ID, 0, 1), completion);
        await().until(() -> stored.get() == 1);
        assertThat(worker.close(SHORT)).isZero();
        assertThat(released.getCount()).isOne();
    }

    @Test
    void aStoreThatIsNeverSyncedClosesAsWell() {
        PersistenceSettings defaults = PersistenceSettings.DEFAULTS;
        PersistenceWorker worker = started(
                store,
                new PersistenceSettings(
                        defaults.queueCapacity(),
                        defaults.queueBytes(),
                        defaults.batchBytes(),
                        defaults.deferredEntries(),
                        defaults.deferredInterval(),
                        Duration.ZERO,
                        defaults.backoffFirst(),
                        defaults.backoffCap()));
        lane(worker).offer(Writes.event(ID, 0, 1), completion);
        assertThat(worker.close(LONG)).isZero();
        assertThat(stored).hasValue(1);
    }

    @Test
    void whatComesAfterTheEndIsRefusedAndNothingHangs() {
        PersistenceWorker worker = started(store, PersistenceSettings.DEFAULTS);
        Lane lane = lane(worker);
        assertThat(worker.close(LONG)).isZero();
        assertThat(lane.offer(Writes.event(ID, 0, 1), completion)).isTrue();
        lane.close(new StoreWrite.DeleteSession(ID), completion);
        worker.lane(Runnable::run, WorkerHarness.IGNORE).close(new StoreWrite.DeleteSession(OTHER), completion);
        assertThat(refused).hasValue(3);
        assertThat(store.session(ID)).isPresent();
    }

    @Test
    void aWorkerThatBreaksSaysSo() {
        PersistenceWorker worker = started(store, PersistenceSettings.DEFAULTS);
        store.append(List.of(Writes.session(ID)));
        worker.lane(
                        task -> {
                            throw new IllegalStateException("told to break");
                        },
                        WorkerHarness.IGNORE)
                .offer(Writes.event(ID, 0, 1), completion);
        await().until(() -> worker.failure() != null);
        assertThat(worker.failure()).contains("told to break");
        assertThat(store.append(List.of())).isInstanceOf(AppendOutcome.Stored.class);
        worker.close(SHORT);
    }
}
