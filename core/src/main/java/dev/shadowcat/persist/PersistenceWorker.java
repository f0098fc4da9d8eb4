package dev.shadowcat.persist;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import java.time.Duration;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that writes to the store: takes what has gathered, stores it as one batch, and tells who waits for it. A
 * batch is let go only when its fate is known; while the store fails, the worker repeats it and the queue fills up behind it.
 */
public final class PersistenceWorker implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(PersistenceWorker.class);
    private static final long IDLE_NANOS = 1_000_000_000L;

    private final EventStore store;
    private final PersistenceSettings settings;
    private final DeadLetters deadLetters;
    private final Observer observer;
    private final LongSupplier nanoTime;
    private final Pause pause;
    private final Intake intake;
    private final DeferredWrites deferred;
    private final SyncThread syncThread;
    private final Thread thread;

    private final List<PendingWrite> batch = new ArrayList<>(); // worker only, like all that follows
    private final List<StoreWrite> writes = new ArrayList<>();
    private final Map<Executor, List<PendingWrite>> deliveries = new LinkedHashMap<>();
    private final IdentityHashMap<StoreWrite, String> refusals = new IdentityHashMap<>();
    private final Backoff backoff;

    private volatile @Nullable String failure; // why the store does not take writes now
    private volatile int inFlight;

    /** A wait that {@link Thread#interrupt} ends; a seam for virtual time. */
    public interface Pause {
        void millis(long millis) throws InterruptedException;
    }

    public PersistenceWorker(
            EventStore store, PersistenceSettings settings, DeadLetters deadLetters, Observer observer) {
        this(store, settings, deadLetters, observer, System::nanoTime, Thread::sleep, RandomGenerator.getDefault());
    }

    PersistenceWorker(
            EventStore store,
            PersistenceSettings settings,
            DeadLetters deadLetters,
            Observer observer,
            LongSupplier nanoTime,
            Pause pause,
            RandomGenerator random) {
        this.store = store;
        this.settings = settings;
        this.deadLetters = deadLetters;
        this.observer = observer;
        this.nanoTime = nanoTime;
        this.pause = pause;
        this.intake = new Intake(settings.queueCapacity(), settings.queueBytes(), observer, nanoTime);
        this.deferred = new DeferredWrites(settings, observer, nanoTime);
        this.backoff = new Backoff(settings.backoffFirst(), settings.backoffCap(), random);
        this.syncThread = new SyncThread(store, settings.syncInterval(), pause);
        this.thread = new Thread(this::run, "shadowcat-persistence");
        thread.setDaemon(true);
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

    /** Notes that a session was used; written within the deferred interval, the newest only. Any thread. */
    public void touch(SessionId session, SessionActivity activity) {
        if (deferred.offer(session, activity)) {
            intake.wake();
        }
    }

    /** Forgets a deferred update of a session that ends. Any thread. */
    public void forget(SessionId session) {
        deferred.discard(session);
    }

    /** Writes that wait or are being written. */
    public int queueDepth() {
        return intake.depth();
    }

    /** Bytes that wait, those that the queue had no room for included. */
    public long queueBytes() {
        return intake.bytes();
    }

    public int deferredDepth() {
        return deferred.size();
    }

    /** Why the store takes no writes now; null while it does. Any thread. */
    public @Nullable String failure() {
        return failure != null ? failure : syncThread.failure();
    }

    private void run() {
        try {
            while (!finished()) {
                intake.await(Math.min(IDLE_NANOS, deferred.nanosUntilDue()));
                writeOne();
            }
        } catch (InterruptedException closed) {
            // close() gave up waiting and reports what is left
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error broken) {
            failure = "the persistence worker ended: " + broken;
            log.error("The persistence worker ended; nothing is stored any more", broken);
        }
    }

    private boolean finished() {
        return intake.ended() && intake.depth() == 0 && deferred.size() == 0;
    }

    /** Stores one batch of what waits now; returns at once where nothing does. */
    void writeOne() throws InterruptedException {
        boolean flush = deferred.due() || (intake.ended() && deferred.size() > 0);
        long reserved = flush ? (long) deferred.size() * StoreWrite.RECORD_BYTES : 0;
        intake.drain(batch, settings.batchBytes() - reserved);
        for (PendingWrite pending : batch) {
            writes.add(pending.write());
        }
        if (flush) {
            deferred.drain(writes);
        }
        if (writes.isEmpty()) {
            return;
        }
        inFlight = writes.size();
        store(writes);
        inFlight = 0;
        deliver();
        batch.clear();
        writes.clear();
    }

    /** Returns once every write of the list is stored or refused for good. */
    private void store(List<StoreWrite> list) throws InterruptedException {
        while (true) {
            long began = nanoTime.getAsLong();
            switch (attempt(list)) {
                case AppendOutcome.Stored stored -> {
                    recovered();
                    syncThread.written();
                    observer.batchStored(list.size(), events(list), nanoTime.getAsLong() - began);
                    return;
                }
                case AppendOutcome.Busy busy -> waitAfter(busy);
                case AppendOutcome.Refused refused -> {
                    recovered();
                    isolate(list, refused.reason());
                    return;
                }
            }
        }
    }

    private static int events(List<StoreWrite> list) {
        int events = 0;
        for (StoreWrite write : list) {
            if (write instanceof StoreWrite.AppendEvent) {
                events++;
            }
        }
        return events;
    }

    /** One try. Whatever the store throws, an error of the virtual machine included, leaves the fate of the list open. */
    private AppendOutcome attempt(List<StoreWrite> list) {
        try {
            return store.append(list);
        } catch (StoreException failed) {
            return new AppendOutcome.Busy(Duration.ZERO, String.valueOf(failed.getMessage()));
        } catch (RuntimeException | Error broken) {
            return new AppendOutcome.Busy(Duration.ZERO, broken.toString());
        }
    }

    private void waitAfter(AppendOutcome.Busy busy) throws InterruptedException {
        observer.batchFailed(busy.reason());
        if (failure == null) {
            log.warn("The store does not take writes: {}. Holding them and trying again", busy.reason());
        }
        failure = busy.reason();
        pause.millis(Math.max(busy.retryAfter().toMillis(), backoff.nextMillis()));
    }

    private void recovered() {
        if (failure != null) {
            log.info("The store takes writes again");
            failure = null;
            backoff.reset();
        }
    }

    /** Finds the writes that the store refuses, by halving, and stores the rest in order. */
    private void isolate(List<StoreWrite> list, String reason) throws InterruptedException {
        if (list.size() > 1) {
            int middle = list.size() / 2;
            store(List.copyOf(list.subList(0, middle)));
            store(List.copyOf(list.subList(middle, list.size())));
            return;
        }
        StoreWrite poison = list.getFirst();
        refusals.put(poison, reason);
        observer.deadLettered(reason);
        deadLetters.keep(poison, reason);
    }

    private void deliver() {
        long now = nanoTime.getAsLong();
        for (PendingWrite pending : batch) {
            if (pending.write() instanceof StoreWrite.AppendEvent && !refusals.containsKey(pending.write())) {
                observer.eventStored(now - pending.offeredNanos());
            }
            deliveries
                    .computeIfAbsent(pending.lane().executor(), executor -> new ArrayList<>())
                    .add(pending);
        }
        for (Map.Entry<Executor, List<PendingWrite>> each : deliveries.entrySet()) {
            List<PendingWrite> delivered = each.getValue();
            IdentityHashMap<StoreWrite, String> refused = new IdentityHashMap<>(refusals);
            try {
                each.getKey().execute(() -> complete(delivered, refused));
            } catch (RejectedExecutionException ended) {
                log.debug("The loop of {} stored writes has ended: nobody is left to tell", delivered.size());
            }
        }
        refusals.clear();
        deliveries.clear();
    }

    /** Tells each its fate; one that fails to take it takes it from nobody else. The lanes' executor. */
    private void complete(List<PendingWrite> delivered, IdentityHashMap<StoreWrite, String> refused) {
        for (PendingWrite pending : delivered) {
            try {
                complete(pending, refused.get(pending.write()));
            } catch (RuntimeException broken) {
                log.error(
                        "A completion failed for a write of session {}",
                        pending.write().session().shortened(),
                        broken);
            }
        }
        for (Lane lane : intake.settle(delivered)) {
            lane.listener().settled();
        }
    }

    private static void complete(PendingWrite pending, @Nullable String refusal) {
        if (refusal == null) {
            pending.completion().stored(pending.write());
        } else {
            pending.completion().refused(pending.write(), refusal);
        }
    }

    /**
     * Stops taking writes, stores what waits, syncs: all of it within the deadline, of which a fifth is kept for the disk.
     *
     * @return how many writes could not be stored; 0 when all were
     */
    public int close(Duration deadline) {
        long end = System.nanoTime() + deadline.toNanos();
        intake.end();
        try {
            if (!thread.join(deadline.multipliedBy(4).dividedBy(5))) {
                thread.interrupt();
                thread.join(deadline.dividedBy(10));
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        syncThread.close(Duration.ofNanos(Math.max(1, end - System.nanoTime())));
        return intake.waiting() + deferred.size() + inFlight;
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
