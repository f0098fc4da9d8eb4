package dev.shadowcat.benchmarks;

import org.HdrHistogram.Histogram;

/**
 * What one measured stretch of events gave.
 *
 * @param latencies nanoseconds from the upstream's write to the client's read
 * @param emitted events that the upstream wrote, warm-up included
 * @param received events that clients read, doubled ones included
 * @param doubled events that came more than once
 * @param reordered events that came after a later one
 * @param seconds how long the measured part was
 * @param proxyCpuSeconds CPU time of the target's processes in the measured part
 * @param foreignCores cores that were busy with none of the processes of this benchmark: noise
 */
record EventResult(
        Histogram latencies,
        long emitted,
        long received,
        long doubled,
        long reordered,
        double seconds,
        double proxyCpuSeconds,
        double foreignCores) {
    double latencyMillis(double percentile) {
        return latencies.getValueAtPercentile(percentile) / 1e6;
    }

    long lost() {
        return emitted - (received - doubled);
    }

    double proxyCpuMicrosPerEvent() {
        return proxyCpuSeconds * 1e6 / latencies.getTotalCount();
    }
}
