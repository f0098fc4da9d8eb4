package dev.shadowcat.gateway.telemetry;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.metrics.InstrumentType;
import io.opentelemetry.sdk.metrics.data.AggregationTemporality;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.export.CollectionRegistration;
import io.opentelemetry.sdk.metrics.export.MetricReader;
import java.util.Collection;
import java.util.List;

/** Reads metrics when somebody asks for them. Any thread. */
final class ScrapeReader implements MetricReader {
    private static final List<String> OWN = List.of("io.opentelemetry.sdk.", "io.opentelemetry.exporters.");

    private volatile CollectionRegistration registration = CollectionRegistration.noop();

    /** All but what the SDK counts of its own exporters, whose names are none that Prometheus knows. */
    Collection<MetricData> read() {
        return registration.collectAllMetrics().stream()
                .filter(metric -> OWN.stream().noneMatch(scope(metric)::startsWith))
                .toList();
    }

    private static String scope(MetricData metric) {
        return metric.getInstrumentationScopeInfo().getName();
    }

    @Override
    public void register(CollectionRegistration with) {
        registration = with;
    }

    @Override
    public AggregationTemporality getAggregationTemporality(InstrumentType type) {
        return AggregationTemporality.CUMULATIVE;
    }

    @Override
    public CompletableResultCode forceFlush() {
        return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode shutdown() {
        registration = CollectionRegistration.noop();
        return CompletableResultCode.ofSuccess();
    }
}
