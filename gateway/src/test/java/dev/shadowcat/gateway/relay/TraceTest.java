package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.gateway.relay.ScriptedServer.Request;
import dev.shadowcat.gateway.relay.ScriptedServer.Stream;
import dev.shadowcat.gateway.relay.TestClient.Events;
import dev.shadowcat.store.MemoryStore;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A trace goes through the gateway: in by a request, out to the upstream, and on to whatever the request leads to. */
@Timeout(20)
class TraceTest {
    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final String CALLER = "00f067aa0ba902b7";
    private static final String META = "00-" + TRACE + "-" + CALLER + "-01";
    private static final String OTHER_TRACE = "0af7651916cd43dd8448eb211c80319c";
    private static final String HEADER = "00-" + OTHER_TRACE + "-b7ad6b7169203331-01";
    private static final String CALL = "tools/call t";

    private final MemoryStore store = new MemoryStore(1 << 20);

    private static String call(String id, String meta) {
        return "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"tools/call\",\"params\":{\"name\":\"t\",\"_meta\":{"
                + meta + "}}}";
    }

    @Test
    void aCallIsAServerSpanWithAClientSpanBelowIt() throws Exception {
        try (RecordedTelemetry telemetry = RecordedTelemetry.tracing();
                ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = telemetry.gateway(store, server.url());
                TestClient client = gateway.client().initialize().header("traceparent", HEADER)) {
            CompletableFuture<HttpResponse<InputStream>> answer = client.callLater("7");
            Request sent = server.nextRequest();
            sent.result("a");
            assertThat(answer.get().statusCode()).isEqualTo(200);

            SpanData request = telemetry.span(SpanKind.SERVER, CALL);
            assertThat(request.getParentSpanContext().getTraceId()).isEqualTo(OTHER_TRACE);
            assertThat(request.getParentSpanId()).isEqualTo("b7ad6b7169203331");
            assertThat(request.getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
            assertThat(text(request, "mcp.method.name")).isEqualTo("tools/call");
            assertThat(text(request, "gen_ai.tool.name")).isEqualTo("t");
            assertThat(text(request, "gen_ai.operation.name")).isEqualTo("execute_tool");
            assertThat(text(request, "jsonrpc.request.id")).isEqualTo("7");
            assertThat(text(request, "mcp.session.id")).isEqualTo(client.session());
            assertThat(text(request, "mcp.protocol.version")).isEqualTo("2025-11-25");
            assertThat(text(request, "network.transport")).isEqualTo("tcp");
            SpanData toUpstream = telemetry.span(SpanKind.CLIENT, CALL);
            assertThat(toUpstream.getParentSpanContext()).isEqualTo(request.getSpanContext());
            assertThat(text(toUpstream, "mcp.session.id")).isEqualTo("up-1");
            assertThat(text(toUpstream, "server.address"))
                    .isEqualTo(server.url().getHost());
            assertThat(sent.header("traceparent")).isEqualTo(traceparent(toUpstream));
            assertThat(sent.body()).contains("\"traceparent\":\"" + traceparent(toUpstream) + "\"");
        }
    }

    @Test
    void whatIsInTheMessageWinsOverTheHeaderWhichIsLinked() throws Exception {
        try (RecordedTelemetry telemetry = RecordedTelemetry.tracing();
                ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = telemetry.gateway(store, server.url());
                TestClient client = gateway.client().initialize().header("traceparent", HEADER)) {
            String meta =
                    "\"progressToken\":3,\"traceparent\":\"" + META + "\",\"tracestate\":\"v=1\",\"baggage\":\"k=v\"";
            CompletableFuture<HttpResponse<InputStream>> answer = client.postLater(call("\"a\"", meta));
            Request sent = server.nextRequest();
            sent.result("a");
            assertThat(answer.get().statusCode()).isEqualTo(200);

            SpanData request = telemetry.span(SpanKind.SERVER, CALL);
            assertThat(request.getTraceId()).isEqualTo(TRACE);
            assertThat(request.getParentSpanId()).isEqualTo(CALLER);
            assertThat(request.getLinks())
                    .extracting(link -> link.getSpanContext().getTraceId())
                    .containsExactly(OTHER_TRACE);
            assertThat(text(request, "jsonrpc.request.id")).isEqualTo("a");
            SpanData toUpstream = telemetry.span(SpanKind.CLIENT, CALL);
            assertThat(sent.header("traceparent")).isEqualTo(traceparent(toUpstream));
            assertThat(sent.header("tracestate")).isEqualTo("v=1");
            assertThat(sent.header("baggage")).isEqualTo("k=v");
            assertThat(sent.body())
                    .contains("\"_meta\":{\"progressToken\":3,\"traceparent\":\"" + traceparent(toUpstream)
                            + "\",\"tracestate\":\"v=1\",\"baggage\":\"k=v\"}");
        }
    }

    @Test
    void withoutTracingABodyAndItsHeadersGoThroughByteForByte() throws Exception {
        try (RecordedTelemetry telemetry = RecordedTelemetry.withoutTraces();
                ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = telemetry.gateway(store, server.url());
                TestClient client = gateway.client().initialize().header("traceparent", HEADER)) {
            String body = call("7", " \"traceparent\" : \"" + META + "\"");
            CompletableFuture<HttpResponse<InputStream>> answer = client.postLater(body);
            Request sent = server.nextRequest();
            sent.result("a");
            assertThat(answer.get().statusCode()).isEqualTo(200);
            assertThat(sent.body()).isEqualTo(body);
            assertThat(sent.header("traceparent")).isEqualTo(HEADER);
            assertThat(telemetry.spans()).isEmpty();
        }
    }

    @Test
    void anErrorAndAToolThatFailsAreToldApart() throws Exception {
        try (RecordedTelemetry telemetry = RecordedTelemetry.tracing();
                ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = telemetry.gateway(store, server.url());
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> first = client.callLater("1");
            server.nextRequest()
                    .json(200, "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32602,\"message\":\"no such\"}}");
            assertThat(first.get().statusCode()).isEqualTo(200);
            for (SpanKind side : List.of(SpanKind.SERVER, SpanKind.CLIENT)) {
                SpanData refused = telemetry.span(side, CALL);
                assertThat(text(refused, "error.type")).isEqualTo("-32602");
                assertThat(text(refused, "rpc.response.status_code")).isEqualTo("-32602");
                assertThat(refused.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
                assertThat(refused.getStatus().getDescription()).isEqualTo("no such");
            }
            telemetry.forget();
            CompletableFuture<HttpResponse<InputStream>> second = client.callLater("2");
            Stream stream = server.nextRequest().sse();
            stream.event("", "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"content\":[],\"isError\":true}}");
            assertThat(TestClient.text(second.get())).contains("isError");
            for (SpanKind side : List.of(SpanKind.SERVER, SpanKind.CLIENT)) {
                SpanData failed = telemetry.span(side, CALL);
                assertThat(text(failed, "error.type")).isEqualTo("tool_error");
                assertThat(text(failed, "rpc.response.status_code")).isNull();
            }
        }
    }

    @Test
    void eachMessageOfABatchHasItsOwnSpans() throws Exception {
        try (RecordedTelemetry telemetry = RecordedTelemetry.tracing();
                ScriptedServer server = new ScriptedServer().revision("2025-03-26");
                GatewayFixture gateway = telemetry.gateway(store, server.url());
                TestClient client = gateway.client().initialize()) {
            String note = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/roots/list_changed\"}";
            String list = "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/list\"}";
            CompletableFuture<HttpResponse<InputStream>> answer =
                    client.postLater("[" + TestClient.call("1") + "," + note + "," + list + "]");
            Request sent = server.nextRequest();
            sent.json(
                    200,
                    "[{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":-32601,\"message\":\"\"}},"
                            + "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}]");
            assertThat(answer.get().statusCode()).isEqualTo(200);
            assertThat(text(telemetry.span(SpanKind.SERVER, CALL), "error.type"))
                    .isNull();
            assertThat(text(telemetry.span(SpanKind.SERVER, "tools/list"), "error.type"))
                    .isEqualTo("-32601");
            telemetry.span(SpanKind.SERVER, "notifications/roots/list_changed");
            assertThat(sent.body())
                    .contains(traceparent(telemetry.span(SpanKind.CLIENT, CALL)))
                    .contains(traceparent(telemetry.span(SpanKind.CLIENT, "tools/list")))
                    .contains(traceparent(telemetry.span(SpanKind.CLIENT, "notifications/roots/list_changed")));
        }
    }

    @Test
    void aRequestThatIsRefusedEndsWithTheStatus() throws Exception {
        try (RecordedTelemetry telemetry = RecordedTelemetry.tracing();
                ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = telemetry.gateway(store, server.url());
                TestClient client = gateway.client().as("AAAAAAAAAAAAAAAAAAAAAA")) {
            assertThat(client.post(TestClient.call("1")).statusCode()).isEqualTo(404);
            assertThat(text(telemetry.span(SpanKind.SERVER, CALL), "error.type"))
                    .isEqualTo("404");
        }
    }

    @Test
    void initializeIsOneTraceToo() throws Exception {
        try (RecordedTelemetry telemetry = RecordedTelemetry.tracing();
                ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = telemetry.gateway(store, server.url());
                TestClient client = gateway.client().initialize()) {
            SpanData request = telemetry.span(SpanKind.SERVER, "initialize");
            assertThat(text(request, "mcp.session.id")).isEqualTo(client.session());
            assertThat(text(request, "error.type")).isNull();
            assertThat(telemetry.span(SpanKind.CLIENT, "initialize").getParentSpanContext())
                    .isEqualTo(request.getSpanContext());
        }
    }

    @Test
    void aRequestThatItsClientTookBackIsCancelled() throws Exception {
        try (RecordedTelemetry telemetry = RecordedTelemetry.tracing();
                ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = telemetry.gateway(store, server.url());
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> answer = client.callLater("1");
            server.nextRequest().sse();
            client.post("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":1}}");
            answer.get();
            assertThat(text(telemetry.span(SpanKind.SERVER, CALL), "error.type"))
                    .isEqualTo("cancelled");
        }
    }

    @Test
    void aLostUpstreamSessionIsMadeAnewInTheTraceOfTheRequestThatFoundIt() throws Exception {
        try (RecordedTelemetry telemetry = RecordedTelemetry.tracing();
                ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = telemetry.gateway(store, server.url());
                TestClient client = gateway.client().initialize()) {
            telemetry.forget();
            CompletableFuture<HttpResponse<InputStream>> answer = client.callLater("1");
            server.nextRequest().empty(404);
            Request again = server.nextRequest();
            again.result("a");
            assertThat(answer.get().statusCode()).isEqualTo(200);

            SpanData request = telemetry.span(SpanKind.SERVER, CALL);
            assertThat(text(request, "error.type")).isNull();
            SpanData healing = telemetry.span(SpanKind.INTERNAL, "upstream reinitialize");
            assertThat(healing.getParentSpanContext()).isEqualTo(request.getSpanContext());
            assertThat(telemetry.span(SpanKind.CLIENT, "initialize").getParentSpanContext())
                    .isEqualTo(healing.getSpanContext());
            List<SpanData> attempts = telemetry.spans(SpanKind.CLIENT, CALL, 2);
            assertThat(attempts).extracting(SpanData::getParentSpanContext).containsOnly(request.getSpanContext());
            assertThat(text(attempts.getFirst(), "error.type")).isEqualTo("404");
            assertThat(attempts.getLast().getAttributes().get(AttributeKey.longKey("http.request.resend_count")))
                    .isEqualTo(1);
            assertThat(text(attempts.getLast(), "mcp.session.id")).isEqualTo("up-2");
            assertThat(again.header("traceparent")).isEqualTo(traceparent(attempts.getLast()));
        }
    }

    @Test
    void aFlushLinksToTheRequestsWhoseEventsItHolds() throws Exception {
        try (RecordedTelemetry telemetry = RecordedTelemetry.tracing();
                ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = telemetry.gateway(store, server.url());
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> answer = client.callLater("1");
            Request sent = server.nextRequest();
            sent.sse().event("", sent.resultOf("a"));
            assertThat(TestClient.text(answer.get())).contains("result");

            SpanData request = telemetry.span(SpanKind.SERVER, CALL);
            SpanData flush = telemetry.span(SpanKind.INTERNAL, "persistence flush");
            assertThat(flush.getTraceId()).isEqualTo(request.getTraceId());
            assertThat(links(flush)).containsExactly(request.getSpanId());
        }
    }

    @Test
    void aStreamThatIsResumedAfterARestartLinksToTheCallThatBeganIt() throws Exception {
        try (RecordedTelemetry telemetry = RecordedTelemetry.tracing();
                ScriptedServer server = new ScriptedServer()) {
            String session;
            String cursor;
            SpanData request;
            try (GatewayFixture gateway = telemetry.gateway(store, server.url());
                    TestClient client = gateway.client().initialize()) {
                session = client.session();
                CompletableFuture<HttpResponse<InputStream>> answer = client.callLater("1");
                Request sent = server.nextRequest();
                Stream stream = sent.sse();
                stream.event("e1", "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}");
                try (Events events = new Events(answer.get())) {
                    cursor = events.nextMessage().id();
                }
                stream.event("e2", sent.resultOf("a"));
                request = telemetry.span(SpanKind.SERVER, CALL);
                telemetry.spans(SpanKind.INTERNAL, "persistence flush", 2);
            }
            telemetry.forget();
            try (GatewayFixture gateway = telemetry.gateway(store, server.url());
                    TestClient client = gateway.client().as(session).header("traceparent", HEADER);
                    Events events = client.get(cursor)) {
                assertThat(events.nextMessage().data()).contains("result");
                SpanData replay = telemetry.span(SpanKind.SERVER, "replay");
                assertThat(replay.getTraceId()).isEqualTo(OTHER_TRACE);
                assertThat(links(replay)).containsExactly(request.getSpanId());
                assertThat(replay.getAttributes().get(AttributeKey.longKey("shadowcat.replay.events")))
                        .isEqualTo(1);
            }
        }
    }

    @Test
    void anUpstreamThatIsResumedIsAskedInTheTraceOfTheCall() throws Exception {
        try (RecordedTelemetry telemetry = RecordedTelemetry.tracing();
                ScriptedServer server = new ScriptedServer().withStandaloneStream();
                GatewayFixture gateway = telemetry.gateway(store, server.url());
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> answer = client.callLater("1");
            Request sent = server.nextRequest();
            Stream stream = sent.sse();
            stream.raw("retry: 1\n");
            stream.event("e1", "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}");
            stream.end();
            Request resumed = server.nextGet();
            resumed.sse().event("e2", sent.resultOf("a"));
            assertThat(TestClient.text(answer.get())).contains("result");

            SpanData request = telemetry.span(SpanKind.SERVER, CALL);
            SpanData resume = telemetry.span(SpanKind.CLIENT, "upstream resume");
            assertThat(resume.getTraceId()).isEqualTo(request.getTraceId());
            assertThat(resume.getParentSpanId()).isEqualTo(request.getSpanId());
            assertThat(resumed.header("traceparent")).isEqualTo(traceparent(resume));
            assertThat(text(telemetry.span(SpanKind.CLIENT, CALL), "error.type"))
                    .isNull();
        }
    }

    @Test
    void aGatewayThatStopsLeavesNoSpanOpen() throws Exception {
        try (RecordedTelemetry telemetry = RecordedTelemetry.tracing();
                ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = telemetry.gateway(store, server.url());
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> answer = client.callLater("1");
            server.nextRequest().sse();
            gateway.gateway().sendClientsAway();
            for (SpanKind side : List.of(SpanKind.SERVER, SpanKind.CLIENT)) {
                assertThat(text(telemetry.span(side, CALL), "error.type")).isEqualTo("stopped");
            }
            answer.cancel(true);
        }
    }

    @Test
    void whatIsNotSampledIsPassedOnAndLeavesNothing() throws Exception {
        try (RecordedTelemetry telemetry = RecordedTelemetry.sampling(Sampler.parentBased(Sampler.alwaysOff()));
                ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = telemetry.gateway(store, server.url());
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> answer = client.callLater("1");
            Request sent = server.nextRequest();
            sent.sse().event("", sent.resultOf("a"));
            assertThat(TestClient.text(answer.get())).contains("result");
            assertThat(sent.header("traceparent")).matches("00-.*-0[02]");
            assertThat(telemetry.spans()).isEmpty();
        }
    }

    private static @Nullable String text(SpanData span, String key) {
        return span.getAttributes().get(AttributeKey.stringKey(key));
    }

    private static List<String> links(SpanData span) {
        return span.getLinks().stream()
                .map(LinkData::getSpanContext)
                .map(context -> context.getSpanId())
                .toList();
    }

    private static String traceparent(SpanData span) {
        return "00-" + span.getTraceId() + "-" + span.getSpanId() + "-"
                + span.getSpanContext().getTraceFlags().asHex();
    }
}
