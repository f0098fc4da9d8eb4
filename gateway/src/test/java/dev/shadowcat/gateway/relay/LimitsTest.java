package dev.shadowcat.gateway.relay;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.gateway.relay.ScriptedServer.Request;
import dev.shadowcat.gateway.relay.ScriptedServer.Stream;
import dev.shadowcat.gateway.relay.TestClient.Events;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.MemoryStore;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What one session, one upstream and the whole process may hold, and what who asks for more is told. */
@Timeout(20)
class LimitsTest {
    private final EventStore store = new MemoryStore(16 << 20);
    private ScriptedServer server;

    @BeforeEach
    void startServer() throws Exception {
        server = new ScriptedServer();
    }

    @AfterEach
    void stopServer() {
        server.close();
    }

    @Test
    void moreCallsThanAnUpstreamMayHaveAreRefusedUntilOneIsAnswered() throws Exception {
        try (GatewayFixture gateway =
                        new GatewayFixture(store, server.url(), Map.of("--upstream-max-concurrent-calls", "1"));
                TestClient first = gateway.client().initialize();
                TestClient second = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> held = first.callLater("1");
            Request underWay = server.nextRequest();

            HttpResponse<InputStream> refused = second.post(TestClient.call("1"));
            assertThat(refused.statusCode()).isEqualTo(503);
            assertThat(refused.headers().firstValue("retry-after")).isPresent();
            assertThat(TestClient.text(refused)).contains("\"id\":1");

            underWay.result("one");
            assertThat(TestClient.text(held.get())).contains("one");
            CompletableFuture<HttpResponse<InputStream>> again = second.callLater("2");
            server.nextRequest().result("two");
            assertThat(TestClient.text(again.get())).contains("two");
        }
    }

    @Test
    void aBatchOfMoreRequestsThanMayBePendingIsRefusedWhole() throws Exception {
        server.revision("2025-03-26");
        try (GatewayFixture gateway = new GatewayFixture(store, server.url(), Map.of("--max-pending-requests", "2"));
                TestClient client = gateway.client().initialize()) {
            String three = "[" + TestClient.call("1") + "," + TestClient.call("2") + "," + TestClient.call("3") + "]";
            CompletableFuture<HttpResponse<InputStream>> refused = client.postLater(three);
            assertThat(refused.get(10, SECONDS).statusCode()).isEqualTo(503);
            assertThat(refused.get().headers().firstValue("retry-after")).isPresent();

            String two = "[" + TestClient.call("1") + "," + TestClient.call("2") + "]";
            CompletableFuture<HttpResponse<InputStream>> served = client.postLater(two);
            server.nextRequest()
                    .json(
                            200,
                            "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}},{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}]");
            assertThat(served.get().statusCode()).isEqualTo(200);
        }
    }

    @Test
    void anAnswerToInitializeThatNeverEndsIsGivenUp() throws Exception {
        String[] flood = new String[20];
        Arrays.fill(
                flood,
                "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"data\":\"" + "x".repeat(10_000)
                        + "\"}}");
        server.beforeInitialized(flood);
        Map<String, String> flags = Map.of("--upstream-max-response-bytes", "64KiB");
        try (GatewayFixture gateway = new GatewayFixture(store, server.url(), flags);
                TestClient client = gateway.client()) {
            assertThatThrownBy(client::initialize)
                    .hasMessageContaining("502")
                    .hasMessageContaining("max-response-bytes");
        }
    }

    @Test
    void aNotificationPassesWhereCallsAreTooMany() throws Exception {
        try (GatewayFixture gateway =
                        new GatewayFixture(store, server.url(), Map.of("--upstream-max-concurrent-calls", "1"));
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> held = client.callLater("1");
            Request underWay = server.nextRequest();

            String cancel =
                    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":1}}";
            assertThat(client.post(cancel).statusCode()).isEqualTo(202);
            underWay.result("done");
            held.get();
        }
    }

    @Test
    void moreStreamsThanASessionMayHaveAreRefused() throws Exception {
        try (GatewayFixture gateway =
                        new GatewayFixture(store, server.url(), Map.of("--max-streams-per-session", "2"));
                TestClient client = gateway.client().initialize();
                TestClient other = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> first = client.callLater("1");
            Stream one = server.nextRequest().sse();
            CompletableFuture<HttpResponse<InputStream>> second = client.callLater("2");
            Request two = server.nextRequest();
            try (Events events = new Events(first.get())) {
                one.event("", "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}");
                events.nextMessage();

                HttpResponse<InputStream> refused = client.post(TestClient.call("3"));
                assertThat(refused.statusCode()).isEqualTo(503);
                assertThat(refused.headers().firstValue("retry-after")).isPresent();

                CompletableFuture<HttpResponse<InputStream>> elsewhere = other.callLater("3");
                server.nextRequest().result("served");
                assertThat(TestClient.text(elsewhere.get())).contains("served");
            }
            two.result("two");
            assertThat(TestClient.text(second.get())).contains("two");
            CompletableFuture<HttpResponse<InputStream>> again = client.callLater("4");
            server.nextRequest().result("four");
            assertThat(TestClient.text(again.get())).contains("four");
        }
    }

    @Test
    void aCallWhoseAnswerDoesNotBeginInTimeGets504() throws Exception {
        try (GatewayFixture gateway =
                        new GatewayFixture(store, server.url(), Map.of("--upstream-answer-timeout", "300ms"));
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("7");
            server.nextRequest();
            assertThat(call.get().statusCode()).isEqualTo(504);
            assertThat(TestClient.text(call.get())).contains("\"id\":7").contains("unknown");
        }
    }

    @Test
    void aStreamThatBeganIsNotCutByTheAnswerTimeout() throws Exception {
        try (GatewayFixture gateway =
                        new GatewayFixture(store, server.url(), Map.of("--upstream-answer-timeout", "300ms"));
                TestClient client = gateway.client().initialize();
                TestClient other = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("7");
            Request request = server.nextRequest();
            Stream stream = request.sse();
            call.get();
            CompletableFuture<HttpResponse<InputStream>> later = other.callLater("8"); // its timeout comes after
            server.nextRequest();
            assertThat(later.get().statusCode()).isEqualTo(504);

            stream.event("", request.resultOf("late"));
            assertThat(new Events(call.get()).rest())
                    .extracting(TestClient.Event::data)
                    .anyMatch(data -> data.contains("late"));
        }
    }

    @Test
    void aSlowAnswerThatBecameAStreamStillTimesOut() throws Exception {
        Map<String, String> flags = Map.of("--upstream-answer-timeout", "300ms", "--resumable-after", "10ms");
        try (GatewayFixture gateway = new GatewayFixture(store, server.url(), flags);
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("7");
            server.nextRequest();
            assertThat(call.get().statusCode()).isEqualTo(200);
            String error = new Events(call.get()).rest().getLast().data();
            assertThat(error).contains("\"id\":7").contains("\"error\"").contains("unknown");
        }
    }

    @Test
    void aHalfReceivedEventFailsWhereAllOfThemTogetherAreTooMuchAndTheOthersGoOn() throws Exception {
        Map<String, String> flags = Map.of("--max-event-bytes", "64KiB", "--max-undecoded-bytes", "64KiB");
        try (GatewayFixture gateway = new GatewayFixture(store, server.url(), flags);
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> large = client.callLater("1");
            Request largeRequest = server.nextRequest();
            Stream largeStream = largeRequest.sse();
            largeStream.raw("data: " + "x".repeat(50_000));
            large.get();
            CompletableFuture<HttpResponse<InputStream>> small = client.callLater("2");
            Request smallRequest = server.nextRequest();
            Stream smallStream = smallRequest.sse();
            String answer = smallRequest.resultOf("y".repeat(25_000));
            smallStream.raw("data: " + answer.substring(0, 22_000));

            assertThat(new Events(large.get()).rest().getLast().data())
                    .contains("\"id\":1")
                    .contains("max-undecoded-bytes");
            smallStream.raw(answer.substring(22_000) + "\n\n");
            assertThat(new Events(small.get()).rest().getLast().data()).contains("yyyy");
        }
    }

    @Test
    void halfReceivedEventsOfConnectionsThatEndedCountNoMore() throws Exception {
        Map<String, String> flags = Map.of("--max-event-bytes", "64KiB", "--max-undecoded-bytes", "64KiB");
        try (GatewayFixture gateway = new GatewayFixture(store, server.url(), flags);
                TestClient client = gateway.client().initialize()) {
            for (int id = 1; id <= 3; id++) {
                CompletableFuture<HttpResponse<InputStream>> broken = client.callLater(Integer.toString(id));
                Stream stream = server.nextRequest().sse();
                stream.raw("data: " + "x".repeat(40_000));
                stream.end();
                assertThat(new Events(broken.get()).rest().getLast().data())
                        .contains("\"id\":" + id)
                        .doesNotContain("max-undecoded-bytes");
            }
        }
    }

    @Test
    void openStreamsCountsTheConnectionsOfOneSession() throws Exception {
        server.withStandaloneStream();
        try (GatewayFixture gateway = new GatewayFixture(store, server.url(), Map.of());
                TestClient client = gateway.client().initialize();
                TestClient idle = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            Stream stream = request.sse();
            try (Events events = new Events(call.get());
                    Events standalone = client.get("")) {
                assertThat(standalone.next().data()).isEmpty();
                SessionId id = SessionId.parse(client.session()).orElseThrow();
                await().untilAsserted(() ->
                        assertThat(gateway.gateway().openStreams(id)).isEqualTo(2));
                assertThat(gateway.gateway()
                                .openStreams(SessionId.parse(idle.session()).orElseThrow()))
                        .isZero();
                stream.event("", request.resultOf("done"));
                assertThat(events.rest()).isNotEmpty();
                await().untilAsserted(() ->
                        assertThat(gateway.gateway().openStreams(id)).isEqualTo(1));
            }
        }
    }

    @Test
    void anIntegerIdThatAPeerMightRoundComesBackExactly() throws Exception {
        try (GatewayFixture gateway = new GatewayFixture(store, server.url(), Map.of());
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("9007199254740993");
            Request request = server.nextRequest();
            assertThat(request.id()).startsWith("\"shadowcat-r"); // a peer of doubles cannot round a string
            request.result("exact");
            assertThat(TestClient.text(call.get())).contains("\"id\":9007199254740993,");

            CompletableFuture<HttpResponse<InputStream>> largest = client.callLater("9007199254740991");
            Request safe = server.nextRequest();
            assertThat(safe.id()).isEqualTo("9007199254740991");
            safe.result("exact");
            largest.get();
        }
    }
}
