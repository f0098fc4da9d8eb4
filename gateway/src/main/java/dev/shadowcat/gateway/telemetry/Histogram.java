package dev.shadowcat.gateway.telemetry;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.common.InstrumentationScopeInfo;
import io.opentelemetry.sdk.metrics.data.AggregationTemporality;
import io.opentelemetry.sdk.metrics.data.Data;
import io.opentelemetry.sdk.metrics.data.HistogramData;
import io.opentelemetry.sdk.metrics.data.HistogramPointData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.data.MetricDataType;
import io.opentelemetry.sdk.resources.Resource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts observations by size, without attributes: what happens for each event costs two additions that no lock guards, and is
 * there with all its buckets before anything was observed. Any thread.
 */
final class Histogram {
    private final String name;
    private final String unit;
    private final String help;
    private final double scale;
    private final List<Double> bounds;
    private final double[] limits;
    private final LongAdder[] buckets;
    private final LongAdder sum = new LongAdder();

    /**
     * A histogram of whole numbers of some unit.
     *
     * @param unit of the metric, by UCUM
     * @param scale what one observed whole number is worth in the metric's unit: 1e-9 for nanoseconds shown as seconds
     * @param bounds upper bounds of the buckets in the metric's unit, rising
     */
    Histogram(String name, String unit, String help, double scale, double... bounds) {
        this.name = name;
        this.unit = unit;
        this.help = help;
        this.scale = scale;
        this.limits = bounds.clone();
        this.bounds = Arrays.stream(bounds).boxed().toList();
        this.buckets = new LongAdder[bounds.length + 1];
        Arrays.setAll(buckets, bucket -> new LongAdder());
    }

    void observe(long value) {
        sum.add(value);
        double scaled = (double) value * scale;
        int bucket = 0;
        while (bucket < limits.length && scaled > limits[bucket]) {
            bucket++;
        }
        buckets[bucket].increment();
    }

    /** What was observed since then, as exporters take it. */
    MetricData collect(Resource resource, InstrumentationScopeInfo scope, long startNanos, long nowNanos) {
        List<Long> counts = new ArrayList<>(buckets.length);
        for (LongAdder bucket : buckets) {
            counts.add(bucket.sum());
        }
        HistogramPointData point = HistogramPointData.create(
                startNanos,
                nowNanos,
                Attributes.empty(),
                (double) sum.sum() * scale,
                false,
                0,
                false,
                0,
                bounds,
                counts);
        return new Collected(
                resource,
                scope,
                name,
                help,
                unit,
                HistogramData.create(AggregationTemporality.CUMULATIVE, List.of(point)));
    }

    private record Collected(
            Resource resource,
            InstrumentationScopeInfo scope,
            String name,
            String description,
            String unit,
            HistogramData data)
            implements MetricData {
        @Override
        public Resource getResource() {
            return resource;
        }

        @Override
        public InstrumentationScopeInfo getInstrumentationScopeInfo() {
            return scope;
        }

        @Override
        public String getName() {
            return name;
        }

        @Override
        public String getDescription() {
            return description;
        }

        @Override
        public String getUnit() {
            return unit;
        }

        @Override
        public MetricDataType getType() {
            return MetricDataType.HISTOGRAM;
        }

        @Override
        public Data<?> getData() {
            return data;
        }
    }
}
