package dev.shadowcat.gateway.relay;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.gateway.relay.ScriptedServer.Request;
import dev.shadowcat.gateway.relay.ScriptedServer.Stream;
import dev.shadowcat.gateway.relay.TestClient.Events;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.MemoryStore;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.testkit.FailingStore;
import dev.shadowcat.testkit.ForwardingStore;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What becomes of the upstream's side, and of requests under way, when clients and sessions go. */
@Timeout(20)
class SessionEndTest {
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
    void theUpstreamsStreamIsLeftSomeTimeAfterItsLastClient() throws Exception {
        Map<String, String> flags = Map.of("--standalone-linger", "50ms");
        try (GatewayFixture gateway = new GatewayFixture(store, server.url(), flags);
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> opening = client.getLater();
            Stream upstream = server.nextGet().sse();
            new Events(opening.get()).close();
            await().untilAsserted(() ->
                    assertThatThrownBy(() -> upstream.raw(":\n\n")).isInstanceOf(IOException.class));
        }
    }

    @Test
    void theUpstreamsStreamStaysWhileAnotherClientReadsIt() throws Exception {
        Map<String, String> flags = Map.of("--standalone-linger", "0s");
        try (GatewayFixture gateway = new GatewayFixture(store, server.url(), flags);
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> opening = client.getLater();
            Stream upstream = server.nextGet().sse();
            try (Events first = new Events(opening.get());
                    Events second = client.get("")) {
                assertThat(first.rest()).isNotNull();
                upstream.event("", "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}");
                assertThat(second.nextMessage().id()).isEqualTo("0-1");
            }
        }
    }

    @Test
    void anUpstreamThatDoesNotEndItsAnswerIsLeftSomeTimeAfterIt() throws Exception {
        Map<String, String> flags = Map.of("--cancelled-linger", "50ms");
        try (GatewayFixture gateway = new GatewayFixture(store, server.url(), flags);
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            Stream upstream = request.sse();
            upstream.event("", request.resultOf("done"));
            assertThat(new Events(call.get()).rest()).isNotEmpty();
            await().untilAsserted(() ->
                    assertThatThrownBy(() -> upstream.raw(":\n\n")).isInstanceOf(IOException.class));
        }
    }

    @Test
    void aCallThatIsBeingResumedEndsWhenItsClientTakesItBack() throws Exception {
        Map<String, String> flags = Map.of("--cancelled-linger", "50ms");
        try (GatewayFixture gateway = new GatewayFixture(store, server.url(), flags);
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Stream first = server.nextRequest().sse();
            first.raw("retry: 10\n");
            first.event("u1", "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}");
            first.end();
            Stream resumed = server.nextGet().sse();
            String cancel = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":1}}";
            assertThat(client.post(cancel).statusCode()).isEqualTo(202);
            assertThat(new Events(call.get()).rest())
                    .as("it ends, and without an answer")
                    .noneMatch(event -> event.data().contains("\"id\""));
            await().untilAsserted(
                            () -> assertThatThrownBy(() -> resumed.raw(":\n\n")).isInstanceOf(IOException.class));
        }
    }

    @Test
    void aCallThatItsClientTookBackWhileItsEventsWereReadIsNotResumed() throws Exception {
        CountDownLatch reading = new CountDownLatch(1);
        CountDownLatch readOn = new CountDownLatch(1);
        EventStore slow = new ForwardingStore(store) {
            @Override
            public List<Event> read(SessionId session, int stream, long after, int maxEvents, long maxBytes) {
                reading.countDown();
                try {
                    readOn.await();
                } catch (InterruptedException over) {
                    throw new StoreException("interrupted", over);
                }
                return super.read(session, stream, after, maxEvents, maxBytes);
            }
        };
        try (GatewayFixture gateway = new GatewayFixture(slow, server.url(), Map.of());
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Stream first = server.nextRequest().sse();
            first.raw("retry: 10\n");
            first.event("u1", "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}");
            first.end();
            reading.await();
            String cancel = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":1}}";
            assertThat(client.post(cancel).statusCode()).isEqualTo(202);
            readOn.countDown();
            assertThat(new Events(call.get()).rest()).isNotEmpty();
            CompletableFuture<HttpResponse<InputStream>> standalone = client.getLater();
            Request get = server.nextGet();
            assertThat(get.header("Last-Event-ID")).as("the first GET").isEmpty();
            get.sse();
            assertThat(standalone.get().statusCode()).isEqualTo(200);
        }
    }

    /** A call with the id 7 of which a notification has come, as its two sides see it. */
    private record UnderWay(Stream upstream, Events events) {}

    private UnderWay callUnderWay(TestClient client, String upstreamId) throws Exception {
        CompletableFuture<HttpResponse<InputStream>> call = client.callLater("7");
        Stream upstream = server.nextRequest().sse();
        upstream.event(upstreamId, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}");
        Events events = new Events(call.get());
        assertThat(events.nextMessage().data()).contains("notifications/message");
        return new UnderWay(upstream, events);
    }

    @Test
    void aCallThatIsUnderWayIsAnsweredWhenItsSessionEnds() throws Exception {
        try (GatewayFixture gateway = new GatewayFixture(store, server.url(), Map.of());
                TestClient client = gateway.client().initialize()) {
            Events events = callUnderWay(client, "u1").events();
            assertThat(client.delete().statusCode()).isEqualTo(200);
            assertThat(events.rest())
                    .singleElement()
                    .satisfies(answer ->
                            assertThat(answer.data()).contains("\"id\":7").contains("\"outcome\":\"unknown\""))
                    .satisfies(answer -> assertThat(answer.id())
                            .as("nothing to resume after")
                            .isEmpty());
        }
    }

    @Test
    void aCallThatTheUpstreamBreaksOffForItsSessionsEndIsAnsweredToo() throws Exception {
        server.withDeletes();
        try (GatewayFixture gateway = new GatewayFixture(store, server.url(), Map.of());
                TestClient client = gateway.client().initialize()) {
            UnderWay call = callUnderWay(client, "");
            CompletableFuture<HttpResponse<InputStream>> deleted = client.deleteLater();
            Request deletion = server.nextRequest();
            call.upstream().end();
            assertThatThrownBy(() -> deleted.get(300, MILLISECONDS)).isInstanceOf(TimeoutException.class);
            deletion.empty(200);
            assertThat(deleted.get().statusCode()).isEqualTo(200);
            assertThat(call.events().rest())
                    .singleElement()
                    .satisfies(answer ->
                            assertThat(answer.data()).contains("\"id\":7").contains("The session ended"));
        }
    }

    @Test
    void aCallIsGivenUpWhereTheUpstreamBreaksItOffAndLetsNobodyEndTheSession() throws Exception {
        server.withDeletes();
        try (GatewayFixture gateway = new GatewayFixture(store, server.url(), Map.of());
                TestClient client = gateway.client().initialize()) {
            UnderWay call = callUnderWay(client, "");
            CompletableFuture<HttpResponse<InputStream>> deleted = client.deleteLater();
            Request deletion = server.nextRequest();
            call.upstream().end();
            deletion.empty(401);
            assertThat(deleted.get().statusCode()).isEqualTo(401);
            assertThat(call.events().nextMessage().data()).contains("\"id\":7").contains("was lost");
        }
    }

    @Test
    void aStopWaitsForAClientThatTakesNoIdBeforeTheFirstEventAndThenAnswersIt() throws Exception {
        server.revision("2025-06-18"); // no priming
        try (GatewayFixture gateway = new GatewayFixture(store, server.url(), Map.of());
                TestClient client = gateway.client().initialize(TestClient.OLDER_INITIALIZE)) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("7");
            server.nextRequest().sse().raw("id: u1\ndata:\n\n"); // the answer may be fetched later
            await().until(() -> gateway.gateway().openStreams() == 1);
            assertThat(gateway.gateway().drain(Duration.ofMillis(200)))
                    .as("nobody could ask for it")
                    .isFalse();
            gateway.gateway().sendClientsAway();
            assertThat(new Events(call.get()).rest())
                    .singleElement()
                    .satisfies(answer -> assertThat(answer.data()).contains("\"id\":7", "\"outcome\":\"unknown\""));
        }
    }

    @Test
    void aStopWaitsUntilAnAnswerThatHasComeIsStoredAndShown() throws Exception {
        server.revision("2025-06-18");
        FailingStore failing = new FailingStore(() -> store);
        try (GatewayFixture gateway = new GatewayFixture(failing, server.url(), Map.of());
                TestClient client = gateway.client().initialize(TestClient.OLDER_INITIALIZE)) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("7");
            Request request = server.nextRequest();
            Stream upstream = request.sse();
            upstream.raw("id: u1\ndata:\n\n");
            await().until(() -> gateway.gateway().openStreams() == 1);
            failing.beBusyFor(Integer.MAX_VALUE);
            upstream.event("u2", request.resultOf("done"));
            upstream.end();
            assertThat(gateway.gateway().drain(Duration.ofMillis(200)))
                    .as("the store has yet to take it")
                    .isFalse();
            failing.beBusyFor(0);
            assertThat(gateway.gateway().drain(Duration.ofSeconds(15))).isTrue();
            gateway.gateway().sendClientsAway();
            assertThat(new Events(call.get()).rest())
                    .singleElement()
                    .satisfies(answer -> assertThat(answer.data()).isEqualTo(request.resultOf("done")));
        }
    }

    @Test
    void aStopWaitsNoLongerOnceThatClientHasAnId() throws Exception {
        server.revision("2025-06-18");
        try (GatewayFixture gateway = new GatewayFixture(store, server.url(), Map.of());
                TestClient client = gateway.client().initialize(TestClient.OLDER_INITIALIZE)) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("7");
            Stream upstream = server.nextRequest().sse();
            upstream.raw("id: u1\ndata:\n\n");
            await().until(() -> gateway.gateway().openStreams() == 1);
            CompletableFuture<Boolean> drained =
                    CompletableFuture.supplyAsync(() -> gateway.gateway().drain(Duration.ofSeconds(15)));
            upstream.event("u2", "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}");
            assertThat(drained.get()).isTrue();
            gateway.gateway().sendClientsAway();
            assertThat(new Events(call.get()).rest())
                    .extracting(event -> event.id().isEmpty())
                    .containsExactly(false);
        }
    }

    /** Where this gateway is killed, an answer that was begun looks like one that ended without its message. */
    @Test
    void aClientThatTakesNoIdBeforeTheFirstEventIsSentNothingUntilThen() throws Exception {
        server.revision("2025-06-18");
        try (GatewayFixture gateway = new GatewayFixture(store, server.url(), Map.of());
                TestClient client = gateway.client().initialize(TestClient.OLDER_INITIALIZE)) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("7");
            Stream upstream = server.nextRequest().sse();
            upstream.raw("id: u1\ndata:\n\n");
            assertThatThrownBy(() -> call.get(1, SECONDS)).isInstanceOf(TimeoutException.class);
            upstream.event("u2", "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}");
            assertThat(new Events(call.get()).nextMessage().id()).isNotEmpty();
        }
    }

    @Test
    void aStreamRequestThatWaitsForTheUpstreamHearsOfTheSessionsEnd() throws Exception {
        try (GatewayFixture gateway = new GatewayFixture(store, server.url(), Map.of());
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> waiting = client.getLater();
            server.nextGet();
            assertThat(client.delete().statusCode()).isEqualTo(200);
            assertThat(waiting.get(10, SECONDS).statusCode()).isEqualTo(404);
        }
    }
}
