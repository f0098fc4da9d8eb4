package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.testkit.SharedMemory;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A request that another node serves is that node's operation, in the trace of whoever sent it. */
@Timeout(20)
class ForwardedTelemetryTest {
    private static final String OPERATION = "mcp.server.operation.duration";
    private static final String HTTP = "http.server.request.duration";
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String PARENT = "b7ad6b7169203331";

    private final SharedMemory shared = new SharedMemory(Duration.ofMinutes(2), System::nanoTime);
    private final SharedMemory.Node storeOfOne = shared.node();
    private final SharedMemory.Node storeOfTwo = shared.node();

    @Test
    void whatIsSentOnIsTheHoldersOperation() throws Exception {
        try (RecordedTelemetry ofOne = RecordedTelemetry.tracing();
                RecordedTelemetry ofTwo = RecordedTelemetry.tracing();
                ScriptedServer server = new ScriptedServer();
                GatewayFixture one = ofOne.gateway(storeOfOne, server.url());
                GatewayFixture two = ofTwo.gateway(storeOfTwo, server.url());
                TestClient client = one.client().initialize();
                TestClient other =
                        two.client().as(client.session()).header("traceparent", "00-" + TRACE + "-" + PARENT + "-01")) {
            storeOfOne.address(one.url("").getAuthority());
            CompletableFuture<HttpResponse<InputStream>> call = other.callLater("7");
            server.nextRequest().result("done");
            assertThat(call.get().statusCode()).isEqualTo(200);
            SpanData served = ofOne.span(SpanKind.SERVER, "tools/call t");
            assertThat(served.getTraceId()).isEqualTo(TRACE);
            assertThat(served.getParentSpanId()).isEqualTo(PARENT);
            assertThat(ofTwo.spans()).isEmpty();
            assertThat(ofTwo.points(OPERATION)).isEmpty();
            await().until(() -> !ofTwo.points(HTTP).isEmpty());
        }
    }

    @Test
    void whatIsAnsweredHereForWantOfTheSessionIsAnOperationOfThisNode() throws Exception {
        try (RecordedTelemetry telemetry = RecordedTelemetry.tracing();
                ScriptedServer server = new ScriptedServer();
                GatewayFixture two = telemetry.gateway(storeOfTwo, server.url());
                TestClient client = two.client().as("AAAAAAAAAAAAAAAAAAAAAA")) {
            assertThat(client.post(TestClient.call("1")).statusCode()).isEqualTo(404);
            telemetry.span(SpanKind.SERVER, "tools/call t");
            assertThat(telemetry.points(OPERATION)).hasSize(1);
        }
    }
}
