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
    /** As the arguments say, with the defaults of a load test and the caller's own durations. */
    static EventOrder from(Arguments arguments, int settleSeconds, int seconds) {
        return new EventOrder(
                arguments.number("streams", 100),
                arguments.number("rate", 1000),
                arguments.number("bytes", 300),
                arguments.number("settle", settleSeconds),
                arguments.number("seconds", seconds));
    }

    /** The same for a while before anything counts. */
    EventOrder warmUp(int whileSeconds) {
        return new EventOrder(streams, rate, bytes, whileSeconds, 1);
    }

    long events() {
        return (long) rate * (settleSeconds + seconds);
    }
}
