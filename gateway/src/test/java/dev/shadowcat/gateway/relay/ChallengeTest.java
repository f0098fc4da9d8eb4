package dev.shadowcat.gateway.relay;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.gateway.relay.ScriptedServer.Request;
import dev.shadowcat.store.MemoryStore;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Each 401 of an upstream tells the client where to find its metadata, at the gateway; and that has a time limit. */
@Timeout(20)
class ChallengeTest {
    private static final String UPSTREAMS = "http://upstream.example/.well-known/oauth-protected-resource";
    private static final String OURS =
            "Bearer resource_metadata=\"https://gate.example/.well-known/oauth-protected-resource/mcp\", scope=\"a\"";

    private final MemoryStore store = new MemoryStore(1 << 20);
    private ScriptedServer server;

    @BeforeEach
    void startServer() throws Exception {
        server = new ScriptedServer().withStandaloneStream().withDeletes();
    }

    @AfterEach
    void stopServer() {
        server.close();
    }

    private GatewayFixture gateway(String... more) throws Exception {
        Map<String, String> flags = new HashMap<>(Map.of("--public-url", "https://gate.example"));
        for (int i = 0; i < more.length; i += 2) {
            flags.put(more[i], more[i + 1]);
        }
        return new GatewayFixture(store, server.url(), flags);
    }

    private static void assertChallenged(HttpResponse<InputStream> answer) {
        assertThat(answer.statusCode()).isEqualTo(401);
        assertThat(answer.headers().firstValue("www-authenticate")).contains(OURS);
    }

    @Test
    void whoAsksForTheStandaloneStream() throws Exception {
        try (GatewayFixture gateway = gateway();
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> stream = client.getLater();
            server.nextGet().challenge(UPSTREAMS);
            assertChallenged(stream.get(10, SECONDS));
        }
    }

    @Test
    void whoEndsASession() throws Exception {
        try (GatewayFixture gateway = gateway();
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> ended = client.deleteLater();
            server.nextRequest().challenge(UPSTREAMS);
            assertChallenged(ended.get(10, SECONDS));
        }
    }

    @Test
    void whoSpeaksTheStatelessRevision() throws Exception {
        try (GatewayFixture gateway = gateway();
                TestClient client = gateway.client()) {
            CompletableFuture<HttpResponse<InputStream>> listed =
                    client.postLater("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"_meta\":{"
                            + "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"}}}");
            server.nextRequest().challenge(UPSTREAMS);
            assertChallenged(listed.get(10, SECONDS));
        }
    }

    @Test
    void metadataThatDoesNotComeIsAnsweredFor() throws Exception {
        try (GatewayFixture gateway = gateway("--upstream-answer-timeout", "300ms");
                HttpClient http = HttpClient.newHttpClient()) {
            HttpRequest request = HttpRequest.newBuilder(gateway.url("/.well-known/oauth-protected-resource/mcp"))
                    .build();
            CompletableFuture<HttpResponse<String>> answer = http.sendAsync(request, BodyHandlers.ofString());
            Request held = server.nextRequest();
            assertThat(answer.get(10, SECONDS).statusCode()).isEqualTo(504);
            assertThat(answer.get().body()).contains("answer-timeout");
            held.exchange().close();
        }
    }
}
