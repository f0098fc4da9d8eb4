package dev.shadowcat.benchmarks;

import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** What all streams of one stretch gave together. Written on the event loop; others read it through that loop. */
final class StreamTally {
    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final Histogram latencies = new Histogram(LONGEST_NANOS, 3);
    private boolean measuring;
    private long events;
    private long foreign;
    private long comments;
    private long ended;

    void measuring(boolean on) {
        measuring = on;
    }

    void event(long latencyNanos) {
        events++;
        if (measuring) {
            latencies.recordValue(Math.clamp(latencyNanos, 0, LONGEST_NANOS));
        }
    }

    /** A message that is not the upstream's. */
    void foreign() {
        foreign++;
    }

    void comment() {
        comments++;
    }

    void ended() {
        ended++;
    }

    Histogram latencies() {
        return latencies;
    }

    long events() {
        return events;
    }

    long comments() {
        return comments;
    }

    long foreignMessages() {
        return foreign;
    }

    /** Streams that ended by themselves. */
    long endedStreams() {
        return ended;
    }
}
