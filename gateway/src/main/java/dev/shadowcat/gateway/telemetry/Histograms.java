package dev.shadowcat.gateway.telemetry;

import io.opentelemetry.sdk.common.Clock;
import io.opentelemetry.sdk.common.InstrumentationScopeInfo;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.export.MetricProducer;
import io.opentelemetry.sdk.resources.Resource;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The gateway's own histograms, for exporters: OpenTelemetry has none that are read only when somebody wants to know. */
public final class Histograms implements MetricProducer {
    private final InstrumentationScopeInfo scope = InstrumentationScopeInfo.create(Telemetry.SCOPE);
    private final long startNanos = Clock.getDefault().now();
    private final List<Histogram> all = new CopyOnWriteArrayList<>();

    /** See {@link Histogram#Histogram}. */
    Histogram histogram(String name, String unit, String help, double scale, List<Double> bounds) {
        Histogram histogram = new Histogram(name, unit, help, scale, bounds);
        all.add(histogram);
        return histogram;
    }

    @Override
    public Collection<MetricData> produce(Resource resource) {
        long now = Clock.getDefault().now();
        return all.stream()
                .map(histogram -> histogram.collect(resource, scope, startNanos, now))
                .filter(metric -> !metric.isEmpty())
                .toList();
    }
}
