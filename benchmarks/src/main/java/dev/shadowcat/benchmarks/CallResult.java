package dev.shadowcat.benchmarks;

import org.HdrHistogram.Histogram;

/**
 * What one measured stretch of calls gave.
 *
 * @param seconds how long it was
 * @param calls calls answered rightly in it
 * @param errors wrong answers and broken connections, warm-up included
 * @param latencies nanoseconds from the intended time of sending to the whole answer
 * @param proxyCpuSeconds CPU time of the target's processes
 * @param foreignCores cores that were busy with none of the processes of this benchmark: noise
 */
record CallResult(
        double seconds, long calls, long errors, Histogram latencies, double proxyCpuSeconds, double foreignCores) {
    double perSecond() {
        return calls / seconds;
    }

    double proxyCpuMicrosPerCall() {
        return proxyCpuSeconds * 1e6 / calls;
    }

    double latencyMillis(double percentile) {
        return latencies.getValueAtPercentile(percentile) / 1e6;
    }
}
