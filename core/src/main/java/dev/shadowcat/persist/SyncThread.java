package dev.shadowcat.persist;

import dev.shadowcat.store.EventStore;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings the disk up to date at intervals, beside the worker, so that an fsync stops no delivery. */
final class SyncThread {
    private static final Logger log = LoggerFactory.getLogger(SyncThread.class);
    private static final int ACTIVITY_INTERVALS = 10;

    private final EventStore store;
    private final long intervalMillis;
    private final Supplier<PersistenceSettings> settings;
    private final PersistenceWorker.Pause pause;
    private final Fatal fatal;
    private final StoreHealth health;
    private final Thread thread;
    private volatile boolean dirty;
    private volatile boolean activityDirty;
    private int intervalsPassed; // since the last sync; the sync thread's own
    private volatile boolean closing;
    private volatile @Nullable String ended;

    SyncThread(
            EventStore store,
            Supplier<PersistenceSettings> settings,
            PersistenceWorker.Pause pause,
            LongSupplier nanoTime,
            Fatal fatal) {
        this.store = store;
        this.intervalMillis = settings.get().syncInterval().toMillis();
        this.settings = settings;
        this.pause = pause;
        this.fatal = fatal;
        this.health = new StoreHealth("synced to the disk", nanoTime);
        this.thread = new Thread(this::run, "shadowcat-sync");
        thread.setDaemon(true);
    }

    void start() {
        if (intervalMillis > 0) {
            thread.start();
        }
    }

    /** Something was appended that may not be on the disk yet. The worker. */
    void written() {
        dirty = true;
    }

    /**
     * Only activity was appended: it goes to the disk with what comes next, or after ten intervals. What a power cut takes of it makes
     * a session's last use a second older, and an fsync costs more than all the rest of noting it. The worker.
     */
    void activityWritten() {
        activityDirty = true;
    }

    @Nullable
    String failure() {
        String dead = ended;
        if (dead != null) {
            return dead;
        }
        String trouble = health.trouble(stallAfter());
        return trouble == null ? null : "sync: " + trouble;
    }

    private Duration stallAfter() {
        return settings.get().failure().stallAfter();
    }

    private void run() {
        try {
            syncUntilClosed();
        } catch (RuntimeException broken) {
            ended = "the sync thread ended: " + broken;
            log.error("The sync thread ended; the disk is not brought up to date any more", broken);
        } catch (Error broken) {
            ended = "the sync thread ended: " + broken;
            fatal.failed("the sync thread", broken);
        }
    }

    private void syncUntilClosed() {
        try {
            while (!closing) {
                pause.millis(intervalMillis);
                syncWhatIsDirty();
            }
        } catch (InterruptedException closed) {
            // close() does not wait for the interval to pass; what is dirty is synced below
        }
        dirty |= activityDirty;
        syncWhatIsDirty();
    }

    /** The sync thread; afterwards, whatever was {@link #written} before it began is on the disk, or still known to be dirty. */
    void syncWhatIsDirty() {
        intervalsPassed++;
        if (dirty || (activityDirty && intervalsPassed >= ACTIVITY_INTERVALS)) {
            intervalsPassed = 0;
            activityDirty = false;
            dirty = false;
            sync();
        }
    }

    private void sync() {
        health.callBegins();
        try {
            store.sync();
            health.works();
        } catch (RuntimeException failed) {
            dirty = true;
            if (health.failed(String.valueOf(failed.getMessage()))) {
                log.warn("The store cannot sync to the disk: {}", failed.toString());
            }
        } finally {
            health.callEnds(stallAfter());
        }
    }

    /** Syncs what is left and ends the thread; a disk that hangs is waited for no longer than the deadline. */
    void close(Duration deadline) {
        if (intervalMillis == 0) {
            return;
        }
        closing = true;
        thread.interrupt();
        try {
            if (!thread.join(deadline)) {
                log.error("The store did not sync to the disk before the deadline");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
