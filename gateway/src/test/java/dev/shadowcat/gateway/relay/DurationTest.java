package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.gateway.relay.ScriptedServer.Request;
import dev.shadowcat.store.MemoryStore;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.sdk.metrics.data.HistogramPointData;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Each operation, session and HTTP request is measured on both sides, under labels that nobody can multiply. */
@Timeout(20)
class DurationTest {
    private static final String SERVER = "mcp.server.operation.duration";
    private static final String CLIENT = "mcp.client.operation.duration";

    private final MemoryStore store = new MemoryStore(1 << 20);

    @Test
    void aCallIsMeasuredOnBothSides() throws Exception {
        try (RecordedTelemetry telemetry = RecordedTelemetry.withoutTraces();
                ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = telemetry.gateway(store, server.url());
                TestClient client = gateway.client().initialize()) {
            called(server, client, 1);
            HistogramPointData served = point(telemetry, SERVER, "tools/call", null);
            assertThat(served.getCount()).isEqualTo(1);
            assertThat(served.getBoundaries())
                    .containsExactly(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0);
            assertThat(served.getAttributes())
                    .isEqualTo(Attributes.builder()
                            .put("mcp.method.name", "tools/call")
                            .put("gen_ai.tool.name", "t")
                            .put("gen_ai.operation.name", "execute_tool")
                            .put("mcp.protocol.version", "2025-11-25")
                            .put("network.transport", "tcp")
                            .put("network.protocol.name", "http")
                            .put("network.protocol.version", "1.1")
                            .build());
            assertThat(point(telemetry, CLIENT, "tools/call", null).getAttributes())
                    .isEqualTo(served.getAttributes().toBuilder()
                            .put("server.address", server.url().getHost())
                            .put("server.port", server.url().getPort())
                            .build());
            assertThat(point(telemetry, SERVER, "initialize", null).getCount()).isEqualTo(1);
        }
    }

    @Test
    void aToolHasANameOnceACallOfItHasWorked() throws Exception {
        try (RecordedTelemetry telemetry = RecordedTelemetry.withoutTraces();
                ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = telemetry.gateway(store, server.url());
                TestClient client = gateway.client().initialize()) {
            for (int i = 1; i <= 3; i++) {
                CompletableFuture<HttpResponse<InputStream>> answer = client.postLater(
                        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"junk-" + i
                                + "\"}}");
                server.nextRequest()
                        .json(200, "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32602,\"message\":\"none\"}}");
                assertThat(answer.get().statusCode()).isEqualTo(200);
                answer = client.postLater("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"junk/" + i + "\"}");
                server.nextRequest()
                        .json(
                                200,
                                "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":" + i + ",\"message\":\"none\"}}");
                assertThat(answer.get().statusCode()).isEqualTo(200);
            }
            for (String side : Set.of(SERVER, CLIENT)) {
                assertThat(text(point(telemetry, side, "tools/call", "-32602"), "gen_ai.tool.name"))
                        .isEqualTo("_other");
                assertThat(point(telemetry, side, "_other", "_OTHER").getCount())
                        .isEqualTo(3);
            }
        }
    }

    @Test
    void aSessionIsMeasuredWhenItEnds() throws Exception {
        try (RecordedTelemetry telemetry = RecordedTelemetry.withoutTraces();
                ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = telemetry.gateway(store, server.url());
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> answer = client.callLater("1");
            server.nextRequest().empty(404);
            Request again = server.nextRequest();
            again.result("a");
            assertThat(answer.get().statusCode()).isEqualTo(200);
            assertThat(telemetry.points("mcp.server.session.duration")).isEmpty();
            assertThat(telemetry.points("mcp.client.session.duration"))
                    .singleElement()
                    .satisfies(lost -> assertThat(text(lost, "error.type")).isEqualTo("forgotten"));
            assertThat(client.delete().statusCode()).isEqualTo(200);
            assertThat(telemetry.points("mcp.server.session.duration"))
                    .singleElement()
                    .satisfies(ended -> {
                        assertThat(ended.getCount()).isEqualTo(1);
                        assertThat(text(ended, "error.type")).isNull();
                    });
            assertThat(telemetry.points("mcp.client.session.duration")).hasSize(2);
        }
    }

    @Test
    void httpRequestsAreMeasuredOnBothSides() throws Exception {
        try (RecordedTelemetry telemetry = RecordedTelemetry.withoutTraces();
                ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = telemetry.gateway(store, server.url());
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> answer = client.callLater("1");
            server.nextRequest().empty(403);
            assertThat(answer.get().statusCode()).isEqualTo(403);
            assertThat(http(telemetry, "http.client.request.duration"))
                    .containsExactlyInAnyOrder("POST 200 null", "POST 403 403");
            Awaitility.await() // an answer is on its way before its exchange ends
                    .until(
                            () -> http(telemetry, "http.server.request.duration"),
                            Set.of("POST 200 null", "POST 403 null")::equals);
            assertThat(telemetry.points("http.server.request.duration"))
                    .allSatisfy(point -> assertThat(point.getBoundaries())
                            .containsExactly(
                                    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0));
        }
    }

    private static Set<String> http(RecordedTelemetry telemetry, String name) {
        return telemetry.points(name).stream()
                .map(point -> text(point, "http.request.method") + " "
                        + point.getAttributes().get(AttributeKey.longKey("http.response.status_code")) + " "
                        + text(point, "error.type"))
                .collect(Collectors.toSet());
    }

    private static void called(ScriptedServer server, TestClient client, int id) throws Exception {
        CompletableFuture<HttpResponse<InputStream>> answer = client.callLater(String.valueOf(id));
        server.nextRequest().result("a");
        assertThat(answer.get().statusCode()).isEqualTo(200);
    }

    private static HistogramPointData point(
            RecordedTelemetry telemetry, String name, String method, @Nullable String error) {
        return telemetry.points(name).stream()
                .filter(point -> method.equals(text(point, "mcp.method.name")))
                .filter(point ->
                        error == null ? text(point, "error.type") == null : error.equals(text(point, "error.type")))
                .findFirst()
                .orElseThrow();
    }

    private static @Nullable String text(HistogramPointData point, String key) {
        return point.getAttributes().get(AttributeKey.stringKey(key));
    }
}
