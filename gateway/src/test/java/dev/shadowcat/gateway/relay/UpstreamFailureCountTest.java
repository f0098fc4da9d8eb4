package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.gateway.relay.ScriptedServer.Request;
import dev.shadowcat.store.MemoryStore;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What counts as a failure of an upstream, and what does not. */
@Timeout(20)
class UpstreamFailureCountTest {
    private static final String FAILURES = "upstream_failures_total";
    private static final Map<String, String> IMPATIENT = Map.of("--upstream-answer-timeout", "300ms");
    private static final String STATELESS = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{"
            + "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"}}}";

    private final MemoryStore store = new MemoryStore(1 << 20);

    @Test
    void aCallThatIsNotAnsweredInTime() throws Exception {
        try (ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = new GatewayFixture(store, server.url(), IMPATIENT);
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request held = server.nextRequest();
            assertThat(call.get().statusCode()).isEqualTo(504);
            assertThat(gateway.metric(FAILURES)).isEqualTo(1);
            held.exchange().close();
        }
    }

    @Test
    void aRequestOfTheStatelessRevisionThatIsNotAnsweredInTime() throws Exception {
        try (ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = new GatewayFixture(store, server.url(), IMPATIENT);
                TestClient client = gateway.client()) {
            CompletableFuture<HttpResponse<InputStream>> listed = client.postLater(STATELESS);
            Request held = server.nextRequest();
            assertThat(listed.get().statusCode()).isEqualTo(504);
            assertThat(gateway.metric(FAILURES)).isEqualTo(1);
            held.exchange().close();
        }
    }

    @Test
    void anAnswerOf5xxButNotOf4xx() throws Exception {
        try (ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = new GatewayFixture(store, server.url(), Map.of());
                TestClient client = gateway.client().initialize()) {
            for (int status : new int[] {403, 500}) {
                CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
                server.nextRequest().empty(status);
                assertThat(call.get().statusCode()).isEqualTo(status);
            }
            assertThat(gateway.metric(FAILURES)).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {405, 501})
    void aStreamThatTheServerDoesNotHaveIsNone(int status) throws Exception {
        try (ScriptedServer server = new ScriptedServer().withStandaloneStream();
                GatewayFixture gateway = new GatewayFixture(store, server.url(), Map.of());
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> listening = client.getLater();
            server.nextGet().empty(status);
            assertThat(listening.get().statusCode()).isEqualTo(405);
            assertThat(client.tryGet("").statusCode())
                    .as("without a further question")
                    .isEqualTo(405);
            assertThat(gateway.metric(FAILURES)).isZero();
            assertThat(gateway.metric("upstream_reconnects_total")).isZero();
        }
    }

    @Test
    void anUpstreamThatIsNotThere() throws Exception {
        URI nowhere = URI.create("http://127.0.0.1:9/mcp");
        try (GatewayFixture gateway = new GatewayFixture(store, nowhere, Map.of());
                TestClient client = gateway.client()) {
            assertThat(client.post(STATELESS).statusCode()).isEqualTo(502);
            assertThat(gateway.metric(FAILURES)).isEqualTo(1);
        }
    }
}
