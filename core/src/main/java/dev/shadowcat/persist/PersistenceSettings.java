package dev.shadowcat.persist;

import static dev.shadowcat.persist.StoreFailureSettings.require;

import java.time.Duration;

/**
 * Bounds and triggers of the worker.
 *
 * @param queueCapacity writes that may wait, all sessions together
 * @param queueBytes bytes that may wait, what is left over of one read of an upstream included
 * @param batchBytes largest batch, unless one write alone is larger
 * @param deferredEntries deferred writes that trigger a flush
 * @param deferredInterval how long a deferred write waits at most
 * @param syncInterval how often the disk is brought up to date where appends do not do it themselves; zero: never
 * @param backoffFirst upper bound of the first wait after a failure
 * @param backoffCap upper bound of every wait after a failure
 * @param failure what to do about a store that fails or does not return
 */
public record PersistenceSettings(
        int queueCapacity,
        long queueBytes,
        int batchBytes,
        int deferredEntries,
        Duration deferredInterval,
        Duration syncInterval,
        Duration backoffFirst,
        Duration backoffCap,
        StoreFailureSettings failure) {
    public static final PersistenceSettings DEFAULTS = new PersistenceSettings(
            1_000,
            16L << 20,
            1 << 20,
            50,
            Duration.ofMillis(100),
            Duration.ofMillis(100),
            Duration.ofMillis(100),
            Duration.ofSeconds(5),
            StoreFailureSettings.DEFAULTS);

    public PersistenceSettings {
        require(deferredEntries >= 1, "batch.max-events", "at least 1", deferredEntries);
        require(queueCapacity >= deferredEntries, "queue.capacity", "at least batch.max-events", queueCapacity);
        require(queueBytes >= batchBytes, "queue.bytes", "at least batch.max-bytes", queueBytes);
        require(batchBytes >= 1, "batch.max-bytes", "at least 1", batchBytes);
        require(!deferredInterval.isNegative(), "batch.interval", "at least 0", deferredInterval);
        require(!syncInterval.isNegative(), "sync.interval", "at least 0", syncInterval);
        require(backoffFirst.toMillis() >= 1, "store-retry.first", "at least 1 ms", backoffFirst);
        require(backoffCap.compareTo(backoffFirst) >= 0, "store-retry.cap", "at least store-retry.first", backoffCap);
    }

    /** With what settings do by default about a store that fails. */
    public PersistenceSettings(
            int queueCapacity,
            long queueBytes,
            int batchBytes,
            int deferredEntries,
            Duration deferredInterval,
            Duration syncInterval,
            Duration backoffFirst,
            Duration backoffCap) {
        this(
                queueCapacity,
                queueBytes,
                batchBytes,
                deferredEntries,
                deferredInterval,
                syncInterval,
                backoffFirst,
                backoffCap,
                StoreFailureSettings.DEFAULTS);
    }
}
