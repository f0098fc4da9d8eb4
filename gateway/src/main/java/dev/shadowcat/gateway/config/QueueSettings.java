package dev.shadowcat.gateway.config;

import static dev.shadowcat.gateway.config.SettingException.check;

import java.time.Duration;

/**
 * What may wait for the store, and how it is written.
 *
 * @param capacity events that may wait
 * @param bytes that may wait
 * @param batchMaxEvents deferred writes that start a flush
 * @param batchInterval the longest that a deferred write waits
 * @param batchMaxBytes in one batch; a single larger event makes a batch of its own
 * @param retryFirst first pause after a failure
 * @param retryCap longest pause between two tries
 */
public record QueueSettings(
        int capacity,
        long bytes,
        int batchMaxEvents,
        Duration batchInterval,
        int batchMaxBytes,
        Duration retryFirst,
        Duration retryCap) {
    public QueueSettings {
        check(
                capacity >= batchMaxEvents,
                Keys.QUEUE_CAPACITY.name(),
                "must be at least batch.max-events (" + batchMaxEvents + "), but was " + capacity);
        check(
                bytes >= batchMaxBytes,
                Keys.QUEUE_BYTES.name(),
                "must be at least batch.max-bytes (" + Sizes.text(batchMaxBytes) + "), but was " + Sizes.text(bytes));
        check(
                retryCap.compareTo(retryFirst) >= 0,
                Keys.STORE_RETRY_CAP.name(),
                "must be at least store-retry.first (" + Durations.text(retryFirst) + "), but was "
                        + Durations.text(retryCap));
    }

    static QueueSettings from(Values values) {
        return new QueueSettings(
                values.get(Keys.QUEUE_CAPACITY),
                values.get(Keys.QUEUE_BYTES),
                values.get(Keys.BATCH_MAX_EVENTS),
                values.get(Keys.BATCH_INTERVAL),
                Math.toIntExact(values.get(Keys.BATCH_MAX_BYTES)),
                values.get(Keys.STORE_RETRY_FIRST),
                values.get(Keys.STORE_RETRY_CAP));
    }
}
