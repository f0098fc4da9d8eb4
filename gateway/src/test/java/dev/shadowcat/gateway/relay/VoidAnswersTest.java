package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.gateway.relay.ScriptedServer.Request;
import dev.shadowcat.store.MemoryStore;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Answers of a client to requests of an upstream session that is no more: they go nowhere, in a batch either. */
@Timeout(20)
class VoidAnswersTest {
    private static final String VOID = "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}";

    @Test
    void theyAreLeftOutOfABatch() throws Exception {
        try (ScriptedServer server = new ScriptedServer().revision("2025-03-26");
                GatewayFixture gateway = new GatewayFixture(new MemoryStore(1 << 20), server.url(), Map.of());
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> lost = client.callLater("1");
            server.nextRequest().empty(404); // forgotten: the session gets a second generation
            server.nextRequest().result("healed");
            assertThat(lost.get().statusCode()).isEqualTo(200);

            String call = TestClient.call("2");
            CompletableFuture<HttpResponse<InputStream>> mixed =
                    client.postLater("[ " + VOID + " , " + call + " , " + VOID + " ]");
            Request sent = server.nextRequest();
            assertThat(sent.body()).isEqualTo("[" + call + "]");
            sent.json(200, "[" + sent.resultOf("two") + "]");
            assertThat(mixed.get().statusCode()).isEqualTo(200);

            HttpResponse<InputStream> nothing = client.post("[" + VOID + "," + VOID + "]");
            assertThat(nothing.statusCode()).isEqualTo(202);
            CompletableFuture<HttpResponse<InputStream>> next = client.callLater("3");
            Request nextSent = server.nextRequest();
            assertThat(nextSent.body()).as("the batch went nowhere").isEqualTo(TestClient.call("3"));
            nextSent.result("three");
            next.get();
        }
    }
}
