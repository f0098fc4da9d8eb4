package dev.shadowcat.persist;

import dev.shadowcat.store.EventStore;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings the disk up to date at intervals, beside the worker, so that an fsync stops no delivery. */
final class SyncThread {
    private static final Logger log = LoggerFactory.getLogger(SyncThread.class);

    private final EventStore store;
    private final long intervalMillis;
    private final PersistenceWorker.Pause pause;
    private final Thread thread;
    private volatile boolean dirty;
    private volatile boolean closing;
    private volatile @Nullable String failure;

    SyncThread(EventStore store, Duration interval, PersistenceWorker.Pause pause) {
        this.store = store;
        this.intervalMillis = interval.toMillis();
        this.pause = pause;
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

    @Nullable
    String failure() {
        return failure;
    }

    private void run() {
        try {
            while (!closing) {
                pause.millis(intervalMillis);
                syncWhatIsDirty();
            }
        } catch (InterruptedException closed) {
            // close() does not wait for the interval to pass; what is dirty is synced below
        }
        syncWhatIsDirty();
    }

    private void syncWhatIsDirty() {
        if (dirty) {
            dirty = false;
            sync();
        }
    }

    private void sync() {
        try {
            store.sync();
            failure = null;
        } catch (RuntimeException | Error failed) {
            dirty = true;
            if (failure == null) {
                log.warn("The store cannot sync to the disk: {}", failed.toString());
            }
            failure = "sync: " + failed.getMessage();
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
