package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.gateway.relay.ScriptedServer.Request;
import dev.shadowcat.gateway.relay.ScriptedServer.Stream;
import dev.shadowcat.store.MemoryStore;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a client that does not read costs in memory, and that it misses nothing for it. */
@Timeout(30)
class StreamTailTest {
    private static final int EVENTS = 60; // fewer than a tail holds by count
    private static final String TEXT = "x".repeat(60_000);

    @Test
    void aSmallTailReadsFromTheStoreWhatALargeOneKeeps() throws Exception {
        assertThat(replayed("1KiB")).isPositive();
        assertThat(replayed("1GiB")).isZero();
    }

    /** How many events came from the store for a client that read nothing while they came. */
    private static double replayed(String tail) throws Exception {
        try (ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = new GatewayFixture(
                        new MemoryStore(64 << 20), server.url(), Map.of("--stream-tail-bytes", tail));
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            Stream stream = request.sse();
            for (int i = 0; i < EVENTS; i++) {
                stream.event(
                        "",
                        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"n\":" + i
                                + ",\"data\":\"" + TEXT + "\"}}");
            }
            stream.event("", request.resultOf("done"));
            await().until(() -> gateway.metric("persistence_success_total") >= EVENTS + 1);

            List<String> got = new TestClient.Events(call.get())
                    .rest().stream()
                            .map(TestClient.Event::data)
                            .filter(data -> !data.isEmpty())
                            .toList();
            assertThat(got).hasSize(EVENTS + 1);
            assertThat(IntStream.range(0, EVENTS).allMatch(i -> got.get(i).contains("\"n\":" + i + ",")))
                    .isTrue();
            return gateway.metric("sse_events_replayed_total");
        }
    }
}
