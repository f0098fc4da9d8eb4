package dev.shadowcat.benchmarks;

/**
 * What one stretch of events is to be.
 *
 * @param streams open standalone streams, which take turns
 * @param rate events a second, all streams together
 * @param bytes size of an event's message
 * @param settleSeconds not measured, at the same rate
 * @param seconds measured
 */
record EventOrder(int streams, int rate, int bytes, int settleSeconds, int seconds) {
    long events() {
        return (long) rate * (settleSeconds + seconds);
    }
}
