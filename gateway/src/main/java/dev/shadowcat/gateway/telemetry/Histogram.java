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
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts observations by size, in one series for each set of attributes: what happens for each event or request costs two
 * additions that no lock guards. Any thread.
 */
final class Histogram {
    private final String name;
    private final String unit;
    private final String help;
    private final double scale;
    private final List<Double> bounds;
    private final double[] limits;
    private final Map<Attributes, Series> all = new ConcurrentHashMap<>();

    /** What has the same attributes. Whoever observes often keeps it. */
    final class Series {
        private final LongAdder[] buckets;
        private final LongAdder sum = new LongAdder();

        private Series() {
            buckets = new LongAdder[limits.length + 1];
            Arrays.setAll(buckets, bucket -> new LongAdder());
        }

        /** @param value a whole number, of which one is worth the histogram's scale */
        void observe(long value) {
            sum.add(value);
            double scaled = (double) value * scale;
            int bucket = 0;
            while (bucket < limits.length && scaled > limits[bucket]) {
                bucket++;
            }
            buckets[bucket].increment();
        }

        private HistogramPointData point(Attributes attributes, long startNanos, long nowNanos) {
            List<Long> counts = new ArrayList<>(buckets.length);
            for (LongAdder bucket : buckets) {
                counts.add(bucket.sum());
            }
            double total = (double) sum.sum() * scale;
            return HistogramPointData.create(
                    startNanos, nowNanos, attributes, total, false, 0, false, 0, bounds, counts);
        }
    }

    /**
     * A histogram of whole numbers of some unit.
     *
     * @param unit of the metric, by UCUM
     * @param scale what one observed whole number is worth in the metric's unit: 1e-9 for nanoseconds shown as seconds
     * @param bounds upper bounds of the buckets in the metric's unit, rising
     */
    Histogram(String name, String unit, String help, double scale, List<Double> bounds) {
        this.name = name;
        this.unit = unit;
        this.help = help;
        this.scale = scale;
        this.bounds = List.copyOf(bounds);
        this.limits = bounds.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /** The series of these attributes, there from now on with all its buckets. The caller sees to it that they are few. */
    Series series(Attributes attributes) {
        return all.computeIfAbsent(attributes, key -> new Series());
    }

    /** What was observed since then, as exporters take it. */
    MetricData collect(Resource resource, InstrumentationScopeInfo scope, long startNanos, long nowNanos) {
        List<HistogramPointData> points = new ArrayList<>(all.size());
        all.forEach((attributes, series) -> points.add(series.point(attributes, startNanos, nowNanos)));
        return new Collected(
                resource, scope, name, help, unit, HistogramData.create(AggregationTemporality.CUMULATIVE, points));
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
