package dev.shadowcat.gateway.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;

class MetricsTest {
    private final Metrics metrics = new Metrics();

    @Test
    void writesInstrumentsInTheOrderOfTheirNames() {
        metrics.gauge("sessions_open", "Sessions in memory.", () -> 2.5);
        metrics.counter("a_total", "Count.").add(1_000_000_000);
        Histogram histogram = metrics.histogram("m", "Sizes.", 0.5, 1, 2);
        histogram.observe(2);
        histogram.observe(3);
        histogram.observe(9);

        assertThat(metrics.text()).isEqualTo("""
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
                        # HELP sessions_open Sessions in memory.
                        # TYPE sessions_open gauge
                        sessions_open 2.5
                        """);
    }

    @Test
    void refusesOneNameTwice() {
        metrics.gauge("x", "x", () -> 1);

        assertThatIllegalStateException().isThrownBy(() -> metrics.counter("x", "x"));
    }
}
