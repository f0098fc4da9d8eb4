package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.telemetry.Histograms;
import dev.shadowcat.gateway.telemetry.Operations;
import dev.shadowcat.gateway.telemetry.Telemetry;
import dev.shadowcat.store.EventStore;
import io.opentelemetry.api.baggage.propagation.W3CBaggagePropagator;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.TextMapPropagator;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.data.HistogramPointData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.testing.exporter.InMemoryMetricReader;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.net.URI;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** What a gateway of a test tells of itself, kept in memory. */
final class RecordedTelemetry implements AutoCloseable {
    static final TextMapPropagator W3C =
            TextMapPropagator.composite(W3CTraceContextPropagator.getInstance(), W3CBaggagePropagator.getInstance());

    private final InMemorySpanExporter spans = InMemorySpanExporter.create();
    private final InMemoryMetricReader metrics = InMemoryMetricReader.create();
    private final Histograms histograms = new Histograms();
    private final SdkMeterProvider meters = SdkMeterProvider.builder()
            .registerMetricReader(metrics)
            .registerMetricProducer(histograms)
            .build();
    private final SdkTracerProvider tracers;
    private final Operations operations;

    private RecordedTelemetry(@Nullable Sampler sampler) {
        tracers = SdkTracerProvider.builder()
                .addSpanProcessor(SimpleSpanProcessor.create(spans))
                .setSampler(sampler == null ? Sampler.alwaysOff() : sampler)
                .build();
        operations = new Operations(histograms, sampler == null ? null : tracers.get("test"), W3C);
    }

    static RecordedTelemetry tracing() {
        return new RecordedTelemetry(Sampler.parentBased(Sampler.alwaysOn()));
    }

    static RecordedTelemetry sampling(Sampler sampler) {
        return new RecordedTelemetry(sampler);
    }

    static RecordedTelemetry withoutTraces() {
        return new RecordedTelemetry(null);
    }

    GatewayFixture gateway(EventStore store, URI upstream) throws Exception {
        return gateway(store, upstream, Map.of());
    }

    GatewayFixture gateway(EventStore store, URI upstream, Map<String, String> flags) throws Exception {
        return new GatewayFixture(store, upstream, flags, Clocks.SYSTEM, Telemetry.start(Map.of(), operations));
    }

    List<SpanData> spans() {
        return spans.getFinishedSpanItems();
    }

    /** The one span of that kind and name, once it has ended. */
    SpanData span(SpanKind kind, String name) {
        return spans(kind, name, 1).getFirst();
    }

    /** So many spans of that kind and name, in the order in which they began. */
    List<SpanData> spans(SpanKind kind, String name, int count) {
        return Awaitility.await(kind + " " + name)
                .until(
                        () -> spans().stream()
                                .filter(span ->
                                        span.getKind() == kind && span.getName().equals(name))
                                .sorted((a, b) -> Long.compare(a.getStartEpochNanos(), b.getStartEpochNanos()))
                                .toList(),
                        found -> found.size() == count);
    }

    void forget() {
        spans.reset();
    }

    /** The points of a histogram. */
    Collection<HistogramPointData> points(String name) {
        return metrics.collectAllMetrics().stream()
                .filter(metric -> metric.getName().equals(name))
                .map(MetricData::getHistogramData)
                .flatMap(data -> data.getPoints().stream())
                .toList();
    }

    @Override
    public void close() {
        tracers.close();
        meters.close();
    }
}
