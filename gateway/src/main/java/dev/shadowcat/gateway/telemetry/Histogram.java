package dev.shadowcat.gateway.telemetry;

import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;

/** Counts observations by size. Any thread; never blocks. */
final class Histogram {
    private final double[] bounds;
    private final LongAdder[] buckets;
    private final LongAdder sum = new LongAdder();
    private final double unit;

    /**
     * A histogram of whole numbers of some unit.
     *
     * @param unit what one observed whole number is worth in the metric's unit: 1e-9 for nanoseconds shown as seconds
     * @param bounds upper bounds of the buckets in the metric's unit, rising
     */
    Histogram(double unit, double... bounds) {
        this.unit = unit;
        this.bounds = bounds.clone();
        this.buckets = new LongAdder[bounds.length + 1];
        Arrays.setAll(buckets, bucket -> new LongAdder());
    }

    void observe(long value) {
        sum.add(value);
        double scaled = (double) value * unit;
        int bucket = 0;
        while (bucket < bounds.length && scaled > bounds[bucket]) {
            bucket++;
        }
        buckets[bucket].increment();
    }

    void write(String name, StringBuilder text) {
        long count = 0;
        for (int bucket = 0; bucket < buckets.length; bucket++) {
            count += buckets[bucket].sum();
            String bound = bucket < bounds.length ? Metrics.number(bounds[bucket]) : "+Inf";
            text.append(name)
                    .append("_bucket{le=\"")
                    .append(bound)
                    .append("\"} ")
                    .append(count)
                    .append('\n');
        }
        text.append(name)
                .append("_sum ")
                .append(Metrics.number((double) sum.sum() * unit))
                .append('\n');
        text.append(name).append("_count ").append(count).append('\n');
    }
}
