package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.gateway.relay.ScriptedServer.Request;
import dev.shadowcat.gateway.relay.ScriptedServer.Stream;
import dev.shadowcat.gateway.relay.TestClient.Event;
import dev.shadowcat.gateway.relay.TestClient.Events;
import dev.shadowcat.store.MemoryStore;
import dev.shadowcat.testkit.ManualClock;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An upstream that sends all of a stream again after a resume: the client sees each event once, however many they are. */
@Timeout(30)
class RepeatedReplayTest {
    private static final int EVENTS = 500;

    private final MemoryStore store = new MemoryStore(16 << 20);
    private ScriptedServer server;

    @BeforeEach
    void startServer() throws Exception {
        server = new ScriptedServer().withStandaloneStream();
    }

    @AfterEach
    void stopServer() {
        server.close();
    }

    @Test
    void theRestOfACallComesOnceAlsoWhereTheUpstreamEndsRightBehindIt() throws Exception {
        try (GatewayFixture gateway = new GatewayFixture(store, server.url(), Map.of());
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            Stream first = request.sse();
            first.raw("retry: 10\n" + events(1, EVENTS));
            first.end();
            Stream again = server.nextGet().sse();
            again.raw(events(1, EVENTS + 2) + "id: last\ndata: " + request.resultOf("done") + "\n\n");
            again.end();
            List<String> said = new ArrayList<>(messages(EVENTS + 2));
            said.add(request.resultOf("done"));
            assertThat(shown(call)).containsExactlyElementsOf(said);
        }
    }

    @Test
    void theStandaloneStreamGoesOnWithWhatIsNew() throws Exception {
        try (GatewayFixture gateway = new GatewayFixture(store, server.url(), Map.of());
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> opened = client.getLater();
            Stream first = server.nextGet().sse();
            first.raw("retry: 10\n" + events(1, EVENTS));
            try (Events events = new Events(opened.get())) {
                for (String message : messages(EVENTS)) {
                    assertThat(events.nextMessage().data()).isEqualTo(message);
                }
                first.end();
                server.nextGet().sse().raw(events(1, EVENTS + 1));
                assertThat(events.nextMessage().data()).isEqualTo(message(EVENTS + 1));
            }
        }
    }

    @Test
    void whatCameLastOfAConnectionCountsAsProgressThoughTheStoreHadToBeAskedFirst() throws Exception {
        ManualClock clock = new ManualClock(Instant.ofEpochSecond(1_700_000_000));
        try (GatewayFixture gateway = new GatewayFixture(
                        store, server.url(), Map.of(), new Clocks(clock.withZone(ZoneOffset.UTC), clock.nanoTime()));
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            Stream first = request.sse();
            first.raw("retry: 10\n" + events(1, EVENTS));
            first.end();
            Stream again = server.nextGet().sse();
            again.raw("retry: 10\n" + events(EVENTS, EVENTS));
            await().until(() -> gateway.metric("sse_duplicate_events_total") == 1);
            clock.advance(Duration.ofSeconds(31)); // longer than an upstream may be away
            again.raw(events(1, EVENTS + 1));
            again.end();
            Stream rest = server.nextGet().sse();
            rest.raw("id: last\ndata: " + request.resultOf("done") + "\n\n");
            rest.end();
            assertThat(shown(call)).hasSize(EVENTS + 2).endsWith(request.resultOf("done"));
        }
    }

    private static List<String> shown(CompletableFuture<HttpResponse<InputStream>> call) throws Exception {
        return new Events(call.get())
                .rest().stream()
                        .map(Event::data)
                        .filter(data -> !data.isEmpty())
                        .toList();
    }

    private static String events(int first, int last) {
        StringBuilder text = new StringBuilder();
        for (int n = first; n <= last; n++) {
            text.append("id: u").append(n).append("\ndata: ").append(message(n)).append("\n\n");
        }
        return text.toString();
    }

    private static List<String> messages(int count) {
        return IntStream.rangeClosed(1, count)
                .mapToObj(RepeatedReplayTest::message)
                .toList();
    }

    private static String message(int n) {
        return "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"data\":" + n + "}}";
    }
}
