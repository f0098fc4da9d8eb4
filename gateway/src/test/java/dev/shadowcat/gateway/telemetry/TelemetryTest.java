package dev.shadowcat.gateway.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.sun.net.httpserver.HttpServer;
import dev.shadowcat.gateway.upstream.CallMeter;
import dev.shadowcat.observe.ErrorType;
import dev.shadowcat.observe.Observer;
import io.netty.handler.codec.http.HttpMethod;
import io.opentelemetry.api.trace.Span;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What the OTEL_* variables do, with a receiver of OTLP over HTTP. */
class TelemetryTest {
    private final ConcurrentMap<String, String> received = new ConcurrentHashMap<>();
    private HttpServer receiver;
    private volatile int answer = 200;

    @BeforeEach
    void receive() throws IOException {
        receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        receiver.createContext("/", exchange -> {
            byte[] body = exchange.getRequestBody().readAllBytes();
            received.put(exchange.getRequestURI().getPath(), new String(body, StandardCharsets.ISO_8859_1));
            exchange.sendResponseHeaders(answer, -1);
            exchange.close();
        });
        receiver.start();
    }

    @AfterEach
    void stop() {
        receiver.stop(0);
    }

    private String url() {
        return "http://127.0.0.1:" + receiver.getAddress().getPort();
    }

    private static void use(Telemetry telemetry) {
        telemetry.instruments().counter("calls_total", "{call}", "Calls.").increment();
        telemetry.tracer().spanBuilder("a span").startSpan().end();
        telemetry.close();
    }

    @Test
    void exportsBothWhereAnEndpointIsNamed() {
        use(Telemetry.start(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", url(), "OTEL_SERVICE_NAME", "gateway-7")));

        assertThat(received).containsOnlyKeys("/v1/traces", "/v1/metrics");
        assertThat(received.get("/v1/traces")).contains("a span", "gateway-7");
        assertThat(received.get("/v1/metrics")).contains("calls_total", "gateway-7");
    }

    @Test
    void saysInOneLineWhereAnExportFailed() {
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
        lines.start();
        root.addAppender(lines);
        try {
            answer = 400;
            use(Telemetry.start(Map.of(
                    "OTEL_EXPORTER_OTLP_ENDPOINT", url(), "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", url() + "/own")));
            receiver.stop(0);
            use(Telemetry.start(Map.of(
                    "OTEL_EXPORTER_OTLP_ENDPOINT", url() + "/", "OTEL_JAVA_EXPORTER_OTLP_RETRY_DISABLED", "true")));
        } finally {
            root.detachAppender(lines);
        }
        assertThat(lines.list)
                .filteredOn(line -> line.getFormattedMessage().contains("Failed to export"))
                .allSatisfy(line -> assertThat(line.getThrowableProxy()).isNull())
                .extracting(ILoggingEvent::getFormattedMessage)
                .anyMatch(line -> line.startsWith(url() + "/own: Failed to export") && line.contains("400"))
                .anyMatch(line -> line.startsWith(url() + "/v1/metrics: Failed to export") && line.contains("400"))
                .anyMatch(line -> line.startsWith(url() + "/v1/traces: ") && line.contains("ConnectException"));
    }

    @Test
    void exportsOnlyWhatIsAskedFor() {
        use(Telemetry.start(
                Map.of("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", url() + "/v1/traces", "OTEL_METRICS_EXPORTER", "none")));

        assertThat(received).containsOnlyKeys("/v1/traces");
        assertThat(received.get("/v1/traces")).contains("shadowcat");
    }

    @Test
    void makesNoSpansWhereNobodyTakesThem() {
        for (Map<String, String> environment : List.of(
                Map.<String, String>of(),
                Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "", "OTEL_TRACES_EXPORTER", " "), // empty means unset
                Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", url(), "OTEL_SDK_DISABLED", "true"),
                Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", url(), "OTEL_TRACES_EXPORTER", "none"))) {
            Telemetry telemetry = Telemetry.start(environment);
            Span span = telemetry.tracer().spanBuilder("a span").startSpan();

            assertThat(telemetry.traces()).isFalse();
            assertThat(span.isRecording()).isFalse();
            assertThat(span.getSpanContext().isValid()).isFalse();
            telemetry.close();
        }
        assertThat(received).doesNotContainKey("/v1/traces");
    }

    @Test
    void keepsServingMetricsWhereTheyAreExportedToo() {
        Telemetry telemetry = Telemetry.start(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", url()));
        telemetry.instruments().counter("calls_total", "{call}", "Calls.").increment();

        assertThat(telemetry.prometheus()).contains("calls_total 1\n");
        telemetry.close();
    }

    @Test
    void takesItsNameFromTheResourceWhereNoOtherIsGiven() {
        use(Telemetry.start(Map.of(
                "OTEL_EXPORTER_OTLP_ENDPOINT", url(), "OTEL_RESOURCE_ATTRIBUTES", "a=b,service.name=from-resource")));

        assertThat(received.get("/v1/traces")).contains("from-resource");
    }

    @Test
    void showsNothingOfTheSdksOwnExporters() {
        Telemetry telemetry = Telemetry.start(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", url()));
        telemetry.tracer().spanBuilder("a span").startSpan().end();

        assertThat(telemetry.prometheus()).doesNotContain("processedSpans", "queueSize", "otlp_exporter");
        telemetry.close();
    }

    @Test
    void cutsWhatSpansSay() {
        Telemetry telemetry = Telemetry.start(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", url()));
        telemetry
                .tracer()
                .spanBuilder("a span")
                .setAttribute("long", "x".repeat(5_000))
                .startSpan()
                .end();
        telemetry.close();

        assertThat(received.get("/v1/traces")).contains("x".repeat(1_024)).doesNotContain("x".repeat(1_025));
    }

    @Test
    void waitsForNoCollectorThatHangs() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Telemetry telemetry =
                    Telemetry.start(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:" + silent.getLocalPort()));
            telemetry.tracer().spanBuilder("a span").startSpan().end();

            assertTimeoutPreemptively(Duration.ofSeconds(5), () -> telemetry.close(Duration.ofMillis(100)));
        }
    }

    @Test
    void disabledItCountsNothing() {
        Telemetry telemetry = Telemetry.start(Map.of("OTEL_SDK_DISABLED", "true"));
        telemetry.watchRuntime();
        telemetry.observer().sessionCreated();

        assertThat(telemetry.observer()).isSameAs(Observer.NONE);
        assertThat(telemetry.prometheus()).isEqualTo("# off: OTEL_SDK_DISABLED is true\n");
        telemetry.close();
    }

    @Test
    void aStreamThatListensFailsWhereItCannotBeginAndNotWhereItBreaksOff() {
        Telemetry telemetry = Telemetry.start(Map.of());
        CallMeter meter = telemetry.meter("127.0.0.1", 1);
        meter.ended(HttpMethod.GET, true, 200, ErrorType.CONNECTION_LOST, 1);
        meter.ended(HttpMethod.GET, true, 200, ErrorType.CLOSED, 1);
        assertThat(telemetry.prometheus()).contains("upstream_failures_total 0\n");
        meter.ended(HttpMethod.GET, true, 0, ErrorType.CONNECT_FAILED, 1);
        meter.ended(HttpMethod.POST, false, 200, ErrorType.CONNECTION_LOST, 1);
        assertThat(telemetry.prometheus()).contains("upstream_failures_total 2\n");
        telemetry.close();
    }

    @Test
    void hasTheMetricsOfTheRuntime() {
        Telemetry telemetry = Telemetry.start(Map.of());
        telemetry.watchRuntime();

        assertThat(telemetry.prometheus())
                .contains("jvm_memory_used_bytes{", "jvm_thread_count{", "jvm_cpu_recent_utilization_ratio ");
        telemetry.close();
    }

    @Test
    void saysWhichVariableHasNoMeaning() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Telemetry.start(Map.of("OTEL_TRACES_EXPORTER", "pigeon")))
                .withMessageContaining("otel.traces.exporter")
                .withMessageContaining("pigeon");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Telemetry.start(
                        Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", url(), "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")))
                .withMessage("OTEL_EXPORTER_OTLP_PROTOCOL: this build speaks no gRPC; allowed: http/protobuf");
    }
}
