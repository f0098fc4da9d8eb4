package dev.shadowcat.gateway.telemetry;

import dev.shadowcat.gateway.upstream.CallMeter;
import dev.shadowcat.observe.ErrorType;
import dev.shadowcat.observe.Observer;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.TracerProvider;
import io.opentelemetry.instrumentation.runtimetelemetry.RuntimeTelemetry;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigProperties;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigurationException;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.metrics.SdkMeterProviderBuilder;
import io.opentelemetry.sdk.resources.Resource;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * OpenTelemetry as this gateway uses it. Metrics are always there for the admin port; they, and traces, are exported where the
 * standard {@code OTEL_*} variables ask for it, and what is not asked for costs nothing. {@code OTEL_SDK_DISABLED} turns all off.
 */
public final class Telemetry implements AutoCloseable {
    static final String SCOPE = "dev.shadowcat";

    private static final List<String> SIGNALS = List.of("traces", "metrics");
    private static final Map<String, String> DEFAULTS = Map.of(
            "otel.attribute.value.length.limit", "1024", // what clients and servers say may be megabytes long
            "otel.exporter.otlp.protocol", "http/protobuf"); // the JDK's HTTP client speaks no gRPC
    private static final AttributeKey<String> SERVICE = AttributeKey.stringKey("service.name");
    private static final Map<String, String> NO_EXPORTERS = Map.of("traces", "none", "metrics", "none");
    private static final Duration FLUSH = Duration.ofSeconds(2);
    private static final int FIRST_SERVER_ERROR = 500;
    private static final int NOT_IMPLEMENTED = 501;

    private final ScrapeReader scrapes = new ScrapeReader();
    private final Histograms histograms = new Histograms();
    private final Instruments instruments;
    private final OpenTelemetrySdk sdk;
    private final Tracer tracer;
    private final boolean traces;
    private final boolean disabled;
    private final Operations operations;
    private final Observer observer;
    private @Nullable RuntimeTelemetry runtime; // guarded by this
    private boolean closed; // guarded by this

    private Telemetry(Map<String, String> environment, @Nullable Operations elsewhere) {
        disabled = value(environment, "OTEL_SDK_DISABLED").equalsIgnoreCase("true");
        Map<String, String> exporters = disabled ? NO_EXPORTERS : exporters(environment);
        boolean exports = exporters.values().stream().anyMatch(exporter -> !exporter.equals("none"));
        sdk = exports ? configured(environment, exporters) : local();
        traces = !"none".equals(exporters.get("traces"));
        tracer = traces ? sdk.getTracer(SCOPE) : TracerProvider.noop().get(SCOPE);
        instruments = new Instruments(sdk.getMeter(SCOPE), histograms);
        operations = elsewhere != null ? elsewhere : newOperations();
        observer = disabled ? Observer.NONE : new CountingObserver(instruments, operations);
    }

    /**
     * Sets up what these variables ask for.
     *
     * @throws IllegalArgumentException where one of them has no meaning; the message names it
     */
    public static Telemetry start(Map<String, String> environment) {
        return new Telemetry(environment, null);
    }

    /** The same with operations that are told of elsewhere; a seam for tests. */
    public static Telemetry start(Map<String, String> environment, Operations elsewhere) {
        return new Telemetry(environment, elsewhere);
    }

    /** Nothing is exported unless a variable asks for it: by naming an exporter, or where to send to. */
    private static Map<String, String> exporters(Map<String, String> environment) {
        Map<String, String> exporters = new HashMap<>();
        for (String signal : SIGNALS) {
            String variable = signal.toUpperCase(Locale.ROOT);
            boolean target = !value(environment, "OTEL_EXPORTER_OTLP_" + variable + "_ENDPOINT")
                            .isEmpty()
                    || !value(environment, "OTEL_EXPORTER_OTLP_ENDPOINT").isEmpty();
            String named = value(environment, "OTEL_" + variable + "_EXPORTER");
            String exporter = named.isEmpty() && target ? "otlp" : named;
            exporters.put(signal, exporter.isEmpty() ? "none" : exporter);
        }
        return exporters;
    }

    /** Where a signal goes: a variable of its own names the whole URL, the common one what its path is added to. */
    private static String endpoint(Map<String, String> environment, String signal) {
        String own = value(environment, "OTEL_EXPORTER_OTLP_" + signal.toUpperCase(Locale.ROOT) + "_ENDPOINT");
        String common = value(environment, "OTEL_EXPORTER_OTLP_ENDPOINT");
        String base = common.isEmpty() ? "http://localhost:4318" : common;
        return own.isEmpty() ? base + (base.endsWith("/") ? "" : "/") + "v1/" + signal : own;
    }

    /** A variable's value; one that is empty is none. */
    private static String value(Map<String, String> environment, String name) {
        return environment.getOrDefault(name, "").strip();
    }

    private OpenTelemetrySdk local() {
        return OpenTelemetrySdk.builder()
                .setMeterProvider(
                        disabled
                                ? SdkMeterProvider.builder().build()
                                : readHere(SdkMeterProvider.builder(), null).build())
                .build();
    }

    private OpenTelemetrySdk configured(Map<String, String> environment, Map<String, String> exporters) {
        bridgeLogs();
        ExportFailures.nameEndpoints(endpoint(environment, "traces"), endpoint(environment, "metrics"));
        Map<String, String> asked = new HashMap<>();
        environment.forEach((name, value) -> {
            if (name.startsWith("OTEL_EXPORTER_OTLP") && name.endsWith("PROTOCOL") && value.equals("grpc")) {
                throw new IllegalArgumentException(name + ": this build speaks no gRPC; allowed: http/protobuf");
            }
            if (name.startsWith("OTEL_") && !value.isBlank()) {
                asked.put(name.toLowerCase(Locale.ROOT).replace('_', '.'), value);
            }
        });
        exporters.forEach((signal, exporter) -> asked.put("otel." + signal + ".exporter", exporter));
        asked.put("otel.logs.exporter", "none"); // log lines go to stderr
        try {
            return AutoConfiguredOpenTelemetrySdk.builder()
                    .addPropertiesSupplier(() -> DEFAULTS)
                    .addPropertiesCustomizer(config -> asked)
                    .addResourceCustomizer((resource, config) -> named(resource))
                    .addMeterProviderCustomizer(this::readHere)
                    .disableShutdownHook()
                    .build()
                    .getOpenTelemetrySdk();
        } catch (ConfigurationException wrong) {
            throw new IllegalArgumentException("OTEL_*: " + wrong.getMessage(), wrong);
        }
    }

    /** With a name of our own where no variable gives one. */
    private static Resource named(Resource resource) {
        String name = resource.getAttribute(SERVICE);
        boolean given = name != null && !name.startsWith("unknown_service");
        return given ? resource : resource.merge(Resource.create(Attributes.of(SERVICE, "shadowcat")));
    }

    private SdkMeterProviderBuilder readHere(SdkMeterProviderBuilder builder, @Nullable ConfigProperties config) {
        return builder.registerMetricReader(scrapes).registerMetricProducer(histograms);
    }

    /** OpenTelemetry speaks to java.util.logging; what it says belongs with all else. */
    private static void bridgeLogs() {
        if (!SLF4JBridgeHandler.isInstalled()) {
            SLF4JBridgeHandler.removeHandlersForRootLogger();
            SLF4JBridgeHandler.install();
        }
    }

    private Operations newOperations() {
        return disabled
                ? Operations.NONE
                : new Operations(
                        histograms, traces ? tracer : null, sdk.getPropagators().getTextMapPropagator());
    }

    /** Follows requests. */
    public Operations operations() {
        return operations;
    }

    /** Hears of the requests to an upstream at this address. */
    public CallMeter meter(String host, int port) {
        Peer peer = operations.peer(host, port);
        return (method, longLived, status, failure, nanos) -> {
            if (isFailure(status, longLived) || isFailure(failure, longLived)) {
                observer.upstreamFailed();
            }
            operations.sent(peer, method, status, failure, nanos);
        };
    }

    /** A server without a stream that listens may say so as one that it has not implemented. */
    private static boolean isFailure(int status, boolean longLived) {
        return status >= FIRST_SERVER_ERROR && !(longLived && status == NOT_IMPLEMENTED);
    }

    /** A stream that listens may end at any time, as by an idle timeout on its way; it is opened again. */
    private static boolean isFailure(@Nullable ErrorType failure, boolean longLived) {
        return failure != null && failure != ErrorType.CLOSED && !(longLived && failure == ErrorType.CONNECTION_LOST);
    }

    /** Counts what the gateway reports. */
    public Observer observer() {
        return observer;
    }

    /** Where instruments are made. */
    public Instruments instruments() {
        return instruments;
    }

    /** For instruments with attributes, and for propagation. */
    public OpenTelemetry openTelemetry() {
        return sdk;
    }

    /** Whether spans go anywhere. */
    public boolean traces() {
        return traces;
    }

    /** Makes spans; ones that do nothing where no traces are exported. */
    public Tracer tracer() {
        return tracer;
    }

    /** Adds the JVM's metrics by the runtime conventions. Takes a while: loads the management beans. */
    public synchronized void watchRuntime() {
        if (!closed && !disabled && runtime == null) {
            runtime = RuntimeTelemetry.create(sdk);
        }
    }

    /** All metrics, as Prometheus reads them. Any thread. */
    public String prometheus() {
        return disabled ? "# off: OTEL_SDK_DISABLED is true\n" : PrometheusText.of(scrapes.read());
    }

    /** Exports what is left, for two seconds at most. */
    @Override
    public void close() {
        close(FLUSH);
    }

    /** Exports what is left within this time, two seconds at most. */
    public synchronized void close(Duration time) {
        closed = true;
        if (runtime != null) {
            runtime.close();
        }
        // On a thread that nobody waits for longer: its own shutdown waits for each exporter in turn, 10 s each.
        Thread last = Thread.ofPlatform()
                .daemon()
                .name("shadowcat-telemetry-end")
                .start(() -> sdk.shutdown().join(FLUSH.toMillis(), TimeUnit.MILLISECONDS));
        try {
            last.join(time.compareTo(FLUSH) < 0 ? time : FLUSH);
        } catch (InterruptedException hurry) {
            Thread.currentThread().interrupt();
        }
    }
}
