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
                if (dirty) {
                    dirty = false;
                    sync();
                }
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    private void sync() {
        try {
            store.sync();
            failure = null;
        } catch (RuntimeException failed) {
            dirty = true;
            if (failure == null) {
                log.warn("The store cannot sync to the disk: {}", failed.getMessage());
            }
            failure = "sync: " + failed.getMessage();
        }
    }

    /** Ends the thread and syncs what is left. */
    void close() {
        closing = true;
        thread.interrupt();
        try {
            thread.join(Duration.ofSeconds(2));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        sync();
    }
}
