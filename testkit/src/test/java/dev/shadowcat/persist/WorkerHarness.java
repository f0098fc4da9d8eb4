package dev.shadowcat.persist;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.event.SpanIdentity;
import dev.shadowcat.observe.Dropped;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.MemoryStore;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.testkit.FailingStore;
import dev.shadowcat.testkit.ForwardingStore;
import dev.shadowcat.testkit.ManualClock;
import dev.shadowcat.testkit.Writes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** A worker that a test turns by hand, in virtual time, over a store that fails as told; remembers what everyone heard. */
final class WorkerHarness {
    private static final int MOST_TURNS = 10_000;

    static final Lane.Listener IGNORE = new Lane.Listener() {
        @Override
        public void roomAgain() {}

        @Override
        public void settled() {}
    };

    final ManualClock clock = new ManualClock(Instant.EPOCH);
    final FailingStore store = new FailingStore(() -> new MemoryStore(Long.MAX_VALUE));
    final List<List<StoreWrite>> batches = new ArrayList<>(); // each as the store took it
    int appends; // tries, those that failed included
    final List<Long> pauses = new ArrayList<>();
    final List<StoreWrite> stored = new ArrayList<>(); // in the order in which completions heard of it
    final Map<StoreWrite, String> refused = new LinkedHashMap<>();
    final List<StoreWrite> deadLetters = new ArrayList<>();
    final Counts counts = new Counts();
    UnstoredMarks marks = UnstoredMarks.NONE;
    final Loop loop = new Loop();
    final PersistenceWorker worker;
    Runnable whilePausing = () -> {};

    WorkerHarness() {
        this(PersistenceSettings.DEFAULTS);
    }

    WorkerHarness(PersistenceSettings settings) {
        clock.advance(Duration.ofHours(1)); // no time begins at zero
        EventStore watched = new ForwardingStore(store) {
            @Override
            public AppendOutcome append(List<StoreWrite> batch) {
                appends++;
                AppendOutcome outcome = super.append(batch);
                if (outcome instanceof AppendOutcome.Stored) {
                    batches.add(List.copyOf(batch));
                }
                return outcome;
            }
        };
        worker = worker(watched, settings);
    }

    /** Another worker over another store, with this one's seams. */
    PersistenceWorker worker(EventStore behind, PersistenceSettings settings) {
        return new PersistenceWorker(
                behind,
                settings,
                (write, reason) -> deadLetters.add(write),
                marks,
                counts,
                Fatal.LOGGED,
                clock.nanoTime(),
                this::pause,
                new Random(1));
    }

    private void pause(long millis) {
        pauses.add(millis);
        clock.advance(Duration.ofMillis(millis));
        whilePausing.run();
    }

    static PersistenceSettings queue(int capacity, long bytes, int batchBytes) {
        PersistenceSettings defaults = PersistenceSettings.DEFAULTS;
        return new PersistenceSettings(
                capacity,
                bytes,
                batchBytes,
                Math.min(capacity, defaults.deferredEntries()),
                defaults.deferredInterval(),
                defaults.syncInterval(),
                defaults.backoffFirst(),
                defaults.backoffCap());
    }

    final Completion completion = new Completion() {
        @Override
        public void stored(StoreWrite write) {
            stored.add(write);
        }

        @Override
        public void refused(StoreWrite write, String reason) {
            refused.put(write, reason);
        }
    };

    Lane lane() {
        return worker.lane(loop, WorkerHarness.IGNORE);
    }

    /** A lane of a session that the store knows, with a few of its streams. */
    Lane lane(SessionId id) {
        store.append(List.of(Writes.session(id), Writes.stream(id, 0), Writes.stream(id, 1), Writes.stream(id, 2)));
        return lane();
    }

    /** One turn of the worker, and of the loop that hears of it. */
    void turn() throws InterruptedException {
        worker.writeOne();
        loop.runAll();
    }

    /** Turns until nothing waits, which it must not do for ever. */
    void turnUntilNothingWaits() throws InterruptedException {
        for (int turns = 0; worker.queueDepth() > 0; turns++) {
            assertThat(turns).as("turns").isLessThan(MOST_TURNS);
            turn();
        }
    }

    /** Events of one session's stream in the order in which the store took them. */
    List<Long> sequences(SessionId id, int stream) {
        return batches.stream()
                .flatMap(List::stream)
                .filter(write -> write.session().equals(id))
                .filter(StoreWrite.AppendEvent.class::isInstance)
                .map(StoreWrite.AppendEvent.class::cast)
                .filter(append -> append.stream() == stream)
                .map(append -> append.event().sequence())
                .toList();
    }

    /** Runs what it was given when the test says so. */
    static final class Loop implements Executor {
        private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
        int executed;

        @Override
        public synchronized void execute(Runnable task) {
            executed++;
            tasks.add(task);
        }

        void runAll() {
            for (Runnable task = next(); task != null; task = next()) {
                task.run();
            }
        }

        private synchronized Runnable next() {
            return tasks.poll();
        }
    }

    /** A call of the store with events of recorded requests. */
    record Flush(
            List<SpanIdentity> requests,
            int writes,
            @Nullable String failure) {}

    /** Hears of a write of events that a recorded request asked for. */
    static Completion of(SpanIdentity request) {
        return new Completion() {
            @Override
            public void stored(StoreWrite write) {}

            @Override
            public void refused(StoreWrite write, String reason) {}

            @Override
            public SpanIdentity origin() {
                return request;
            }
        };
    }

    /** What the observer heard. */
    static final class Counts implements Observer {
        int events;
        final List<Duration> eventLatencies = new ArrayList<>(); // from its offer on
        int failures;
        int retries;
        int unstored;
        int coalesced;
        int skipped;
        int updates;
        int backPressure;
        final List<Duration> backPressureEnded = new ArrayList<>();
        final Map<Dropped, Integer> dropped = new EnumMap<>(Dropped.class);
        final List<Flush> flushes = new ArrayList<>();

        @Override
        public boolean followsFlushes() {
            return true;
        }

        @Override
        public void flushed(Collection<SpanIdentity> requests, int writes, long nanos, @Nullable String failure) {
            flushes.add(new Flush(List.copyOf(requests), writes, failure));
        }

        @Override
        public void batchStored(int writes, int stored, long nanos) {
            events += stored;
        }

        @Override
        public void eventStored(long nanosSinceOffer) {
            eventLatencies.add(Duration.ofNanos(nanosSinceOffer));
        }

        @Override
        public void batchFailed(String reason) {
            failures++;
        }

        @Override
        public void batchRetried() {
            retries++;
        }

        @Override
        public void unstoredDelivered(int count) {
            unstored += count;
        }

        @Override
        public void activityUpdated() {
            updates++;
        }

        @Override
        public void activityCoalesced() {
            coalesced++;
        }

        @Override
        public void activitySkipped() {
            skipped++;
        }

        @Override
        public void backPressure() {
            backPressure++;
        }

        @Override
        public void backPressureEnded(long nanos) {
            backPressureEnded.add(Duration.ofNanos(nanos));
        }

        @Override
        public void dropped(Dropped why, int writes) {
            dropped.merge(why, writes, Integer::sum);
        }
    }

    /** The same settings but for what happens while the store fails. */
    static PersistenceSettings withFailure(PersistenceSettings settings, StoreFailureSettings failure) {
        return new PersistenceSettings(
                settings.queueCapacity(),
                settings.queueBytes(),
                settings.batchBytes(),
                settings.deferredEntries(),
                settings.deferredInterval(),
                settings.syncInterval(),
                settings.backoffFirst(),
                settings.backoffCap(),
                failure);
    }
}
