package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.gateway.relay.ScriptedServer.Request;
import dev.shadowcat.gateway.relay.ScriptedServer.Stream;
import dev.shadowcat.gateway.relay.TestClient.Event;
import dev.shadowcat.gateway.relay.TestClient.Events;
import dev.shadowcat.store.MemoryStore;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Event ids of an upstream on their way back to it, whatever they are made of. */
@Timeout(20)
class UpstreamCursorTest {
    private static final String WORKING = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}";
    private static final String CONTROL = "a\u0001b";

    @Test
    void anIdGoesBackAsTheBytesThatItCameIn() throws Exception {
        String id = "é漢😀";
        try (ScriptedServer server = new ScriptedServer().withStandaloneStream();
                GatewayFixture gateway = new GatewayFixture(new MemoryStore(1 << 20), server.url(), Map.of());
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            breakOffAfter(id, request.sse());
            Request resume = server.nextGet();
            String cursor = resume.header("Last-Event-ID");
            assertThat(new String(cursor.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8))
                    .isEqualTo(id);
            resume.sse().event("", request.resultOf("done"));
            assertThat(new Events(call.get()).rest())
                    .extracting(Event::data)
                    .contains(WORKING, request.resultOf("done"));
        }
    }

    @Test
    void aRequestWhoseStreamCannotBeResumedForItsIdStillEndsInAnAnswer() throws Exception {
        try (ScriptedServer server = new ScriptedServer().withStandaloneStream();
                GatewayFixture gateway = new GatewayFixture(new MemoryStore(1 << 20), server.url(), Map.of());
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            breakOffAfter(CONTROL, server.nextRequest().sse());
            assertThat(new Events(call.get()).rest())
                    .extracting(Event::data)
                    .last()
                    .asString()
                    .contains("\"id\":1", "\"outcome\":\"unknown\"");
        }
    }

    @Test
    void theStandaloneStreamGoesOnWithoutACursorThatNoHeaderCarries() throws Exception {
        try (ScriptedServer server = new ScriptedServer().withStandaloneStream();
                GatewayFixture gateway = new GatewayFixture(new MemoryStore(1 << 20), server.url(), Map.of());
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<Events> opened = CompletableFuture.supplyAsync(() -> {
                try {
                    return client.get("");
                } catch (Exception failed) {
                    throw new IllegalStateException(failed);
                }
            });
            breakOffAfter(CONTROL, server.nextGet().sse());
            Request again = server.nextGet();
            assertThat(again.header("Last-Event-ID")).isEmpty();
            again.sse().event("", WORKING);
            try (Events events = opened.get()) {
                assertThat(events.nextMessage().id()).isEqualTo("0-1");
                assertThat(events.nextMessage().id()).isEqualTo("0-2");
            }
        }
    }

    private static void breakOffAfter(String id, Stream stream) throws Exception {
        stream.raw("retry: 10\n");
        stream.event(id, WORKING);
        stream.end();
    }
}
