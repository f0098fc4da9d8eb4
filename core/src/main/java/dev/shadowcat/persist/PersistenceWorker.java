package dev.shadowcat.persist;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.observe.Dropped;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.StoreWrite;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that writes to the store: takes what has gathered, stores it as one batch, and tells who waits for it. A
 * write is let go only when its fate is known. While the store fails, the worker repeats the batch, adds what has gathered
 * meanwhile, and the queue fills up behind it; while a part of the store fails, only that part's writes wait.
 */
public final class PersistenceWorker implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(PersistenceWorker.class);
    private static final long IDLE_NANOS = 1_000_000_000L;
    private static final long OFFER_MILLIS = 50; // between two offers of events to send on unstored

    private volatile PersistenceSettings settings;
    private final Pause pause;
    private final Observer observer;
    private final Fatal fatal;
    private final RandomGenerator random;
    private final Intake intake;
    private final DeferredWrites deferred;
    private final HeldPartitions held;
    private final Deliveries deliveries;
    private final StoreHealth health;
    private final UnstoredEvents unstored;
    private final StoreWriter writer;
    private final SyncThread syncThread;
    private final Thread thread;

    private final List<PendingWrite> batch = new ArrayList<>(); // worker only, like all that follows
    private Backoff backoff;

    private volatile @Nullable String ended; // why the worker does nothing any more
    private volatile int inFlight;

    /** A wait; a seam for virtual time. */
    public interface Pause {
        /** Waits; {@link Thread#interrupt} ends it. */
        void millis(long millis) throws InterruptedException;

        /** The waits that are under way end. Any thread. */
        default void end() {}

        /** The worker closes: a wait that is under way ends, and from now on none is long. Any thread. */
        default void hurry() {}
    }

    /** For those who embed the worker and read {@link #failure}: an error ends its threads and not the process. */
    public PersistenceWorker(
            EventStore store, PersistenceSettings settings, DeadLetters deadLetters, Observer observer) {
        this(store, settings, deadLetters, observer, Fatal.LOGGED);
    }

    /**
     * A worker that owns its two threads.
     *
     * @param fatal hears of an error of the virtual machine in one of them
     */
    public PersistenceWorker(
            EventStore store, PersistenceSettings settings, DeadLetters deadLetters, Observer observer, Fatal fatal) {
        this(store, settings, deadLetters, UnstoredMarks.NONE, observer, fatal);
    }

    /** @param marks where it is noted which streams send events on that the store does not have */
    public PersistenceWorker(
            EventStore store,
            PersistenceSettings settings,
            DeadLetters deadLetters,
            UnstoredMarks marks,
            Observer observer,
            Fatal fatal) {
        this(
                store,
                settings,
                deadLetters,
                marks,
                observer,
                fatal,
                System::nanoTime,
                new ClosingPause(),
                RandomGenerator.getDefault());
    }

    PersistenceWorker(
            EventStore store,
            PersistenceSettings settings,
            DeadLetters deadLetters,
            UnstoredMarks marks,
            Observer observer,
            Fatal fatal,
            LongSupplier nanoTime,
            Pause pause,
            RandomGenerator random) {
        this.settings = settings;
        this.pause = pause;
        this.observer = observer;
        this.fatal = fatal;
        this.intake = new Intake(settings.queueCapacity(), settings.queueBytes(), observer, nanoTime);
        this.deferred = new DeferredWrites(this::settings, observer, nanoTime);
        this.random = random;
        this.backoff = newBackoff(settings);
        this.deliveries = new Deliveries(intake, observer, nanoTime);
        this.held = new HeldPartitions(
                intake,
                deliveries,
                () -> newBackoff(this.settings),
                observer,
                nanoTime,
                () -> this.settings.queueCapacity());
        this.unstored = new UnstoredEvents(intake, marks, observer);
        this.health = new StoreHealth("taken a batch", nanoTime);
        this.writer = new StoreWriter(store, deadLetters, observer, held, health, new AroundTries());
        this.syncThread = new SyncThread(store, this::settings, pause, nanoTime, fatal);
        this.thread = new Thread(this::run, "shadowcat-persistence");
        thread.setDaemon(true);
    }

    /** The settings that hold now. Any thread. */
    public PersistenceSettings settings() {
        return settings;
    }

    private Backoff newBackoff(PersistenceSettings now) {
        return new Backoff(now.backoffFirst(), now.backoffCap(), random);
    }

    /**
     * Goes on with other bounds and triggers; the sync interval stays as it was. What waits beyond a smaller bound goes on
     * waiting; new bounds of pauses hold from the next failure on. Any thread.
     */
    public void tune(PersistenceSettings next) {
        settings = next;
        intake.tune(next.queueCapacity(), next.queueBytes());
        intake.wake();
    }

    /** The store may take again what it did not: that is tried now, and not after what is left of a pause. Any thread. */
    public void tryNow() {
        pause.end();
    }

    public void start() {
        thread.start();
        syncThread.start();
    }

    /**
     * A new session's way into the queue.
     *
     * @param executor runs completions and the listener; one task for each batch
     */
    public Lane lane(Executor executor, Lane.Listener listener) {
        return new Lane(intake, executor, listener);
    }

    /**
     * Notes that a session was used; written within the deferred interval, the newest only. Any thread.
     *
     * @return whether it was noted; false where too many updates wait
     */
    public boolean touch(SessionId session, SessionActivity activity) {
        boolean full = held.isFull(session) && deferred.pending(session) == null;
        DeferredWrites.Offered offered = full ? deferred.skip() : deferred.offer(session, activity);
        if (offered == DeferredWrites.Offered.WAKING) {
            intake.wake();
        }
        return offered != DeferredWrites.Offered.SKIPPED;
    }

    /** What {@link #touch} was told last of a session, if the store may not have it yet; null where it has. Any thread. */
    public @Nullable SessionActivity pendingActivity(SessionId session) {
        return deferred.pending(session);
    }

    /** Forgets a deferred update of a session that ends. Any thread. */
    public void forget(SessionId session) {
        deferred.discard(session);
    }

    /** Writes that wait, those for a part of the store that fails included; what is being written is not. */
    public int queueDepth() {
        return intake.depth();
    }

    /** Bytes that wait, those that the queue had no room for included. */
    public long queueBytes() {
        return intake.bytes();
    }

    public int deferredDepth() {
        return deferred.size() + held.deferredWaiting();
    }

    /** Writes that the store failed to take and that will be sent again. */
    public int retryQueueDepth() {
        return intake.aside() + held.deferredWaiting() + (health.failingNanos() > 0 ? inFlight : 0);
    }

    /** Parts of the store that fail while the rest works. */
    public int failingPartitions() {
        return held.failing();
    }

    /** Whether the part of the store that a session is kept in fails while others work. Any thread. */
    public boolean fails(SessionId session) {
        return held.fails(session);
    }

    /** Why the store takes no writes now, or the worker brings it none; null where all is well. Any thread. */
    public @Nullable String failure() {
        String dead = ended;
        if (dead != null) {
            return dead;
        }
        String trouble = health.trouble(settings.failure().stallAfter());
        return trouble != null ? trouble : syncThread.failure();
    }

    private void run() {
        try {
            while (!finished()) {
                intake.await(Math.min(IDLE_NANOS, Math.min(deferred.nanosUntilDue(), held.nanosUntilDue())));
                writeOne();
            }
            ended = "the persistence worker was closed";
        } catch (InterruptedException closed) {
            ended = "the persistence worker was closed"; // close() gave up waiting and reports what is left
        } catch (RuntimeException broken) {
            ended = "the persistence worker ended: " + broken;
            log.error("The persistence worker ended; nothing is stored any more", broken);
        } catch (Error broken) {
            ended = "the persistence worker ended: " + broken;
            fatal.failed("the persistence worker", broken);
        }
    }

    private boolean finished() {
        return intake.ended() && intake.depth() == 0 && deferred.size() == 0 && held.isEmpty();
    }

    /** Stores one batch of what waits now, and tries a failing part of the store that is due; returns at once where neither is. */
    void writeOne() throws InterruptedException {
        gather();
        if (!batch.isEmpty()) {
            inFlight = batch.size();
            writer.store(batch);
            inFlight = 0;
            deliver(batch);
            batch.clear();
        }
        if (!held.isEmpty()) {
            retryOne();
        }
        if (unstored.marked() && intake.waiting() == 0) {
            unstored.allStored();
        }
    }

    private void gather() {
        boolean flush = deferred.due() || (intake.ended() && deferred.size() > 0);
        long reserved = flush ? (long) deferred.size() * StoreWrite.RECORD_BYTES : 0;
        intake.drain(batch, settings.batchBytes() - reserved, settings.queueCapacity());
        if (flush) {
            deferred.drain(batch);
        }
        held.route(batch);
    }

    private void deliver(List<PendingWrite> fated) {
        for (PendingWrite pending : fated) {
            if (pending.lane() == null) {
                deferred.settled(pending);
            }
        }
        deliveries.tell(fated, writer.refusals());
        writer.clear();
    }

    private void retryOne() {
        if (intake.ended()) {
            held.hurry(ClosingPause.MOST_MILLIS);
        }
        HeldPartition due = held.due();
        if (due != null) {
            deliver(writer.retry(due, settings.batchBytes(), settings.queueCapacity()));
        }
    }

    /** What happens around the tries of a batch. */
    private final class AroundTries implements StoreWriter.Surroundings {
        @Override
        public void pause(AppendOutcome.Busy busy) throws InterruptedException {
            long millis = Math.max(busy.retryAfter().toMillis(), backoff.nextMillis());
            if (settings.failure().onFailure() == OnStoreFailure.HOLD) {
                pause.millis(millis);
                return;
            }
            long heldMillis = TimeUnit.NANOSECONDS.toMillis(health.failingNanos());
            long holdMillis = settings.failure().holdFor().toMillis();
            if (heldMillis < holdMillis) {
                pause.millis(Math.min(millis, holdMillis - heldMillis)); // one more try before anything goes unstored
                return;
            }
            long left = millis;
            do {
                unstored.offer(batch);
                pause.millis(Math.min(left, OFFER_MILLIS));
                left -= OFFER_MILLIS;
            } while (left > 0 && !intake.ended()); // closing waits for no old pause
        }

        /** What is sent again is sent with what came since, so that a failure costs time and no throughput. */
        @Override
        public void join(List<PendingWrite> repeated) {
            deferred.supersede(repeated);
            long bytes = 0;
            for (PendingWrite pending : repeated) {
                bytes += pending.bytes();
            }
            int before = repeated.size();
            intake.drain(repeated, settings.batchBytes() - bytes, settings.queueCapacity());
            if (!held.isEmpty()) {
                List<PendingWrite> joined = repeated.subList(before, repeated.size());
                List<PendingWrite> own = new ArrayList<>(joined);
                joined.clear();
                held.route(own);
                repeated.addAll(own);
            }
            inFlight = repeated.size();
        }

        @Override
        public Duration stallAfter() {
            return settings.failure().stallAfter();
        }

        @Override
        public void stored(boolean awaited) {
            if (awaited) {
                syncThread.written();
            } else {
                syncThread.activityWritten();
            }
        }

        @Override
        public void recovered() {
            backoff = newBackoff(settings);
            unstored.over();
        }
    }

    /**
     * Stops taking writes, stores what waits, syncs: all of it within a time, of which a fifth is kept for the disk.
     *
     * @return how many writes could not be stored; 0 when all were
     */
    public int close(Duration time) {
        Deadline deadline = Deadline.in(time);
        intake.end();
        pause.hurry();
        try {
            if (!thread.join(time.multipliedBy(4).dividedBy(5))) {
                thread.interrupt();
                thread.join(time.dividedBy(10));
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        syncThread.close(deadline.left());
        int left = intake.waiting() + deferredDepth() + inFlight;
        observer.dropped(Dropped.CLOSING, left);
        return left;
    }

    /** Closes within ten seconds. */
    @Override
    public void close() {
        int left = close(Duration.ofSeconds(10));
        if (left > 0) {
            log.error("{} writes could not be stored before the deadline", left);
        }
    }
}
