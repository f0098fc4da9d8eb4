package dev.shadowcat.gateway.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PrometheusTextTest {
    private final Telemetry telemetry = Telemetry.start(Map.of());
    private final Instruments metrics = telemetry.instruments();

    @AfterEach
    void close() {
        telemetry.close();
    }

    @Test
    void writesInstrumentsInTheOrderOfTheirNames() {
        metrics.gauge("z_sessions", "{session}", "Sessions in memory.", () -> 2.5);
        metrics.counter("a_total", "{a}", "Count.").add(1_000_000_000);
        Histogram.Series histogram = metrics.histogram("m", "s", "Sizes.", 0.5, 1, 2);
        histogram.observe(2);
        histogram.observe(3);
        histogram.observe(9);

        assertThat(own()).isEqualTo("""
                        # HELP a_total Count.
                        # TYPE a_total counter
                        a_total 1000000000
                        # HELP m Sizes.
                        # TYPE m histogram
                        m_bucket{le="1"} 1
                        m_bucket{le="2"} 2
                        m_bucket{le="+Inf"} 3
                        m_sum 7
                        m_count 3
                        # HELP z_sessions Sessions in memory.
                        # TYPE z_sessions gauge
                        z_sessions 2.5
                        """);
    }

    /** What this test registered, from all that a gateway has. */
    private String own() {
        return telemetry
                .prometheus()
                .lines()
                .filter(line -> line.matches("(# (HELP|TYPE) )?(a_total|m|m_bucket|m_sum|m_count|z_sessions)[ {].*"))
                .collect(Collectors.joining("\n", "", "\n"));
    }

    @Test
    void givesNamesOfTheConventionsTheirUnit() {
        var meter = telemetry.openTelemetry().getMeter("test");
        Attributes tool = Attributes.of(AttributeKey.stringKey("gen_ai.tool.name"), "a \"b\"\\\n");
        meter.histogramBuilder("mcp.server.operation.duration")
                .setUnit("s")
                .setDescription("Back\\slash.")
                .build()
                .record(0.004, tool);
        meter.counterBuilder("jvm.class.loaded").setUnit("{class}").build().add(3);
        meter.upDownCounterBuilder("jvm.memory.used").setUnit("By").build().add(7);
        meter.gaugeBuilder("jvm.cpu.recent_utilization").setUnit("1").build().set(0.25);

        assertThat(telemetry.prometheus())
                .contains(
                        "# HELP mcp_server_operation_duration_seconds Back\\\\slash.\n",
                        "mcp_server_operation_duration_seconds_bucket{gen_ai_tool_name=\"a \\\"b\\\"\\\\\\n\",le=\"5\"} 1\n",
                        "mcp_server_operation_duration_seconds_count{gen_ai_tool_name=\"a \\\"b\\\"\\\\\\n\"} 1\n",
                        "# TYPE jvm_class_loaded_total counter\njvm_class_loaded_total 3\n",
                        "# TYPE jvm_memory_used_bytes gauge\njvm_memory_used_bytes 7\n",
                        "jvm_cpu_recent_utilization_ratio 0.25\n");
    }

    @Test
    void refusesOneNameTwice() {
        metrics.gauge("x", "1", "x", () -> 1);

        assertThatIllegalStateException().isThrownBy(() -> metrics.counter("x", "1", "x"));
    }
}
