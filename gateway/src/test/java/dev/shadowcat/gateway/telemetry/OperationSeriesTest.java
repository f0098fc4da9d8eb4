package dev.shadowcat.gateway.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.context.propagation.TextMapPropagator;
import io.opentelemetry.sdk.metrics.data.HistogramPointData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.resources.Resource;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** However many names peers send, the series are few. */
class OperationSeriesTest {
    private static final AttributeKey<String> CODE = AttributeKey.stringKey("rpc.response.status_code");

    private final Histograms metrics = new Histograms();
    private final Operations operations = new Operations(metrics, null, TextMapPropagator.noop());
    private final Peer peer = operations.peer("127.0.0.1", 1);

    private Collection<MetricData> collected() {
        return metrics.produce(Resource.empty());
    }

    @Test
    void revisionsThatAreNoneAreOne() {
        Random random = new Random(7);
        for (int i = 0; i < 1_000; i++) {
            String version = Long.toString(random.nextLong());
            operations.sessionEnded(1, version, null);
            operations.upstreamSessionEnded(peer, 1, version, null);
            operations.send(peer, "ping", version, Work.NONE).answered(200);
        }
        operations.send(peer, "ping", "2025-11-25", Work.NONE).answered(200);
        assertThat(collected())
                .flatExtracting(metric -> List.copyOf(metric.getHistogramData().getPoints()))
                .extracting(point -> point.getAttributes().get(Conventions.PROTOCOL_VERSION))
                .containsExactlyInAnyOrder("_other", "_other", "_other", "2025-11-25");
    }

    @Test
    void aStatusAndACodeThatAreNotToldApartStayTwo() {
        operations.ended("ping", null, "", 0, null, Outcome.ofStatus(999));
        operations.ended("ping", null, "", 0, null, Outcome.of(12_345, "odd"));
        operations.ended("ping", null, "", 0, null, Outcome.of(54_321, "other"));
        assertThat(collected())
                .flatExtracting(metric -> List.copyOf(metric.getHistogramData().getPoints()))
                .extracting(
                        point -> point.getAttributes().get(Conventions.ERROR),
                        point -> point.getAttributes().get(CODE),
                        HistogramPointData::getCount)
                .containsExactlyInAnyOrder(tuple("_OTHER", null, 1L), tuple("_OTHER", "_OTHER", 2L));
    }

    @Test
    void namesAreBoundedInNumberAndLength() {
        BoundedNames names = new BoundedNames(2);
        names.worked("x".repeat(129));
        names.worked("x".repeat(128));
        names.worked("b");
        names.worked("c");
        assertThat(names.of("x".repeat(129))).isEqualTo("_other");
        assertThat(names.of("x".repeat(128))).isEqualTo("x".repeat(128));
        assertThat(names.of("b")).isEqualTo("b");
        assertThat(names.of("c")).isEqualTo("_other");
    }

    @Test
    void aHundredToolsHaveNames() {
        for (int i = 0; i < 150; i++) {
            operations.worked("tools/call", "tool-" + i);
        }
        for (int i = 0; i < 150; i++) {
            operations.ended("tools/call", "tool-" + i, "", 0, null, null);
        }
        assertThat(collected())
                .singleElement()
                .satisfies(metric ->
                        assertThat(metric.getHistogramData().getPoints()).hasSize(101));
    }

    @Test
    void aNameThatIsNoTextIsNotToldApart() {
        BoundedNames names = new BoundedNames(3);
        names.worked("dup\ud800");
        names.worked("whole \ud83d\ude00");

        assertThat(names.of("dup\ud800")).isEqualTo(BoundedNames.OTHER);
        assertThat(names.of("whole \ud83d\ude00")).isEqualTo("whole \ud83d\ude00");
    }
}
