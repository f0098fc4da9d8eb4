package dev.shadowcat.benchmarks;

import java.time.Instant;
import org.HdrHistogram.Histogram;

/**
 * What one measured stretch of events gave.
 *
 * @param latencies nanoseconds from the upstream's write to the client's read
 * @param emitted events that the upstream wrote, warm-up included
 * @param received events that clients read, doubled ones included
 * @param doubled events that came more than once
 * @param reordered events that came after a later one
 * @param began when the measured part began
 * @param seconds how long the measured part was
 * @param proxyCpuSeconds CPU time of the target's processes in the measured part
 * @param generatorCpuSeconds CPU time of the upstream and the clients in the measured part
 * @param foreignCores cores that were busy with none of the processes of this benchmark: noise
 */
record EventResult(
        Histogram latencies,
        long emitted,
        long received,
        long doubled,
        long reordered,
        Instant began,
        double seconds,
        double proxyCpuSeconds,
        double generatorCpuSeconds,
        double foreignCores) {
    double latencyMillis(double percentile) {
        return latencies.getValueAtPercentile(percentile) / 1e6;
    }

    /** Events read in the measured part. */
    double eventsPerSecond() {
        return latencies.getTotalCount() / seconds;
    }

    /** Every event came once and in order. */
    boolean whole() {
        return lost() == 0 && doubled == 0 && reordered == 0;
    }

    long lost() {
        return emitted - (received - doubled);
    }

    double proxyCpuMicrosPerEvent() {
        return proxyCpuSeconds * 1e6 / latencies.getTotalCount();
    }

    double generatorCpuMicrosPerEvent() {
        return generatorCpuSeconds * 1e6 / latencies.getTotalCount();
    }
}
