package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.gateway.relay.ScriptedServer.Request;
import dev.shadowcat.gateway.relay.ScriptedServer.Stream;
import dev.shadowcat.gateway.relay.TestClient.Event;
import dev.shadowcat.gateway.relay.TestClient.Events;
import dev.shadowcat.store.MemoryStore;
import dev.shadowcat.testkit.FailingStore;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What clients see while the store takes nothing, and after it. */
@Tag("persistence-worker")
@Timeout(60)
class StoreFailureTest {
    private static final Map<String, String> DELIVER = Map.of(
            "--on-store-failure", "deliver",
            "--hold-for", "1s",
            "--store-retry-cap", "100ms",
            "--queue-capacity", "10",
            "--batch-max-events", "5");

    private static final Map<String, String> DELIVER_SOON =
            Map.of("--on-store-failure", "deliver", "--hold-for", "50ms", "--store-retry-cap", "100ms");
    private static final Map<String, String> HOLD =
            Map.of("--hold-for", "50ms", "--store-retry-cap", "100ms", "--resumable-after", "1h");

    private final FailingStore store = new FailingStore(() -> new MemoryStore(16 << 20));

    @AfterEach
    void heal() {
        store.heal();
    }

    private static String message(int number) {
        return "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"n\":" + number + "}}";
    }

    @Test
    void aNewSessionWaitsForTheStoreAndIsToldToComeBack() throws Exception {
        try (ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = new GatewayFixture(store, server.url(), Map.of("--hold-for", "50ms"));
                TestClient client = gateway.client()) {
            store.throwFor(Integer.MAX_VALUE);
            HttpResponse<InputStream> answer = client.post(
                    "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\","
                            + "\"capabilities\":{},\"clientInfo\":{\"name\":\"test\",\"version\":\"1\"}}}");
            assertThat(answer.statusCode()).isEqualTo(503);
            assertThat(TestClient.text(answer)).contains("\"id\":0");
            assertThat(answer.headers().firstValue("retry-after")).hasValue("5");
            assertThat(gateway.gateway().degraded()).containsExactly("store: told to fail");
            store.heal();
            await().until(() -> gateway.gateway().degraded().isEmpty());
            client.initialize();
        }
    }

    @Test
    void anEventThatTheStoreDoesNotTakeComesWithoutAnIdAndIsStoredAfterAll() throws Exception {
        try (ScriptedServer server = new ScriptedServer().withStandaloneStream();
                GatewayFixture gateway = new GatewayFixture(store, server.url(), DELIVER);
                TestClient client = gateway.client().initialize();
                Events events = client.get("")) {
            Stream upstream = server.nextGet().sse();
            upstream.event("", message(1));
            Event first = events.nextMessage();
            assertThat(first.id()).isNotEmpty();
            store.throwFor(Integer.MAX_VALUE);
            upstream.event("", message(2));
            assertThat(events.next()).isEqualTo(new Event("", message(2)));
            assertThat(gateway.gateway().degraded()).isNotEmpty();
            await().untilAsserted(() -> assertThat(gateway.metric("persistence_unstored_delivered_total"))
                    .isEqualTo(1)); // counted behind the write
            store.heal();
            Event moved = events.next();
            assertThat(moved.data()).isEmpty();
            upstream.event("", message(3));
            assertThat(events.next().data()).isEqualTo(message(3));
            try (TestClient second = gateway.client().as(client.session());
                    Events resumed = second.get(first.id())) {
                assertThat(resumed.nextMessage()).isEqualTo(new Event(moved.id(), message(2)));
                assertThat(resumed.nextMessage().data()).isEqualTo(message(3));
            }
        }
    }

    private static Event unstored(int number) {
        return new Event("", message(number));
    }

    @Test
    void aCallThatBeginsInTheOutageIsAnsweredWithoutIds() throws Exception {
        try (ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = new GatewayFixture(store, server.url(), DELIVER_SOON);
                TestClient client = gateway.client().initialize()) {
            store.throwFor(Integer.MAX_VALUE);
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            Stream upstream = request.sse();
            upstream.event("", message(1));
            try (Events events = new Events(call.get())) {
                assertThat(events.next()).isEqualTo(unstored(1));
                upstream.event("", request.resultOf("done"));
                assertThat(events.rest())
                        .as("and no more: there is nothing to come back with")
                        .containsExactly(new Event("", request.resultOf("done")));
            }
            assertThat(gateway.gateway().degraded()).isNotEmpty();
            await().untilAsserted(() -> assertThat(gateway.metric("persistence_unstored_delivered_total"))
                    .isEqualTo(2));
            store.heal();
            SessionId session = SessionId.parse(client.session()).orElseThrow();
            await().untilAsserted(() ->
                    assertThat(store.read(session, 1, 0, 10, 1 << 20)).hasSize(2));
        }
    }

    @Test
    void aCallThatLastsUntilTheStoreIsBackCanBeResumedFromThereOn() throws Exception {
        try (ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = new GatewayFixture(store, server.url(), DELIVER_SOON);
                TestClient client = gateway.client().initialize()) {
            store.throwFor(Integer.MAX_VALUE);
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            Stream upstream = request.sse();
            upstream.event("", message(1));
            String cursor;
            try (Events events = new Events(call.get())) {
                assertThat(events.next()).isEqualTo(unstored(1));
                store.heal();
                Event moved = events.next();
                while (moved.id().equals("1-0")) { // primed first
                    moved = events.next();
                }
                assertThat(moved).isEqualTo(new Event("1-1", ""));
                cursor = moved.id();
            }
            upstream.event("", request.resultOf("done"));
            try (Events resumed = client.get(cursor)) {
                assertThat(resumed.nextMessage()).isEqualTo(new Event("1-2", request.resultOf("done")));
            }
        }
    }

    @Test
    void aClientThatComesInTheOutageGetsWhatIsStoredAndThenWhatIsNot() throws Exception {
        try (ScriptedServer server = new ScriptedServer().withStandaloneStream();
                GatewayFixture gateway = new GatewayFixture(store, server.url(), DELIVER_SOON);
                TestClient client = gateway.client().initialize();
                Events events = client.get("")) {
            Stream upstream = server.nextGet().sse();
            upstream.event("", message(1));
            upstream.event("", message(2));
            Event first = events.nextMessage();
            assertThat(events.nextMessage().data()).isEqualTo(message(2));
            store.throwFor(Integer.MAX_VALUE);
            upstream.event("", message(3));
            assertThat(events.next()).isEqualTo(unstored(3));
            try (TestClient second = gateway.client().as(client.session());
                    Events resumed = second.get(first.id())) {
                assertThat(resumed.nextMessage()).isEqualTo(new Event("0-2", message(2)));
                assertThat(resumed.next()).as("as the other did").isEqualTo(unstored(3));
                upstream.event("", message(4));
                assertThat(resumed.next()).isEqualTo(unstored(4));
                store.heal();
                assertThat(resumed.next().data()).as("its cursor moves").isEmpty();
                upstream.event("", message(5));
                assertThat(resumed.nextMessage()).isEqualTo(new Event("0-5", message(5)));
            }
        }
    }

    @Test
    void aListenerThatComesFirstInTheOutageHearsWhatTheServerSays() throws Exception {
        try (ScriptedServer server = new ScriptedServer().withStandaloneStream();
                GatewayFixture gateway = new GatewayFixture(store, server.url(), DELIVER_SOON);
                TestClient client = gateway.client().initialize()) {
            store.throwFor(Integer.MAX_VALUE);
            CompletableFuture<HttpResponse<InputStream>> opening = client.getLater();
            Stream upstream = server.nextGet().sse();
            upstream.event("", message(1));
            try (Events events = new Events(opening.get())) {
                assertThat(events.nextMessage()).isEqualTo(unstored(1));
            }
        }
    }

    @Test
    void whoComesWithACursorAndCannotHaveWhatFollowsItIsToldToComeLater() throws Exception {
        try (ScriptedServer server = new ScriptedServer().withStandaloneStream();
                GatewayFixture gateway = new GatewayFixture(store, server.url(), DELIVER_SOON);
                TestClient client = gateway.client().initialize();
                Events events = client.get("")) {
            Stream upstream = server.nextGet().sse();
            upstream.event("", message(1));
            upstream.event("", message(2));
            Event first = events.nextMessage();
            Event second = events.nextMessage();
            store.throwFor(Integer.MAX_VALUE);
            store.failReads(true);
            upstream.event("", message(3));
            assertThat(events.next()).isEqualTo(unstored(3));
            try (TestClient other = gateway.client().as(client.session())) {
                HttpResponse<InputStream> refused = other.tryGet(first.id());
                assertThat(refused.statusCode()).isEqualTo(503);
                assertThat(refused.headers().firstValue("retry-after")).hasValue("5");
                try (Events whole = other.get(second.id())) {
                    assertThat(whole.nextMessage())
                            .as("it needs nothing of the store")
                            .isEqualTo(unstored(3));
                }
            }
        }
    }

    @Test
    void anEndOfASessionThatTheStoreDoesNotTakeIsSaidNotToBeOneYet() throws Exception {
        try (ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = new GatewayFixture(store, server.url(), HOLD);
                TestClient client = gateway.client().initialize()) {
            store.throwFor(Integer.MAX_VALUE);
            HttpResponse<InputStream> answer = client.delete();
            assertThat(answer.statusCode()).isEqualTo(503);
            assertThat(answer.headers().firstValue("retry-after")).hasValue("5");
            SessionId session = SessionId.parse(client.session()).orElseThrow();
            assertThat(store.session(session)).isPresent();
            store.heal();
            await().until(() -> store.session(session).isEmpty());
            assertThat(client.delete().statusCode()).isEqualTo(404);
        }
    }

    @Test
    void aCallWhoseStreamTheStoreDoesNotTakeYetIsLeftInNoDoubt() throws Exception {
        try (ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = new GatewayFixture(store, server.url(), HOLD);
                TestClient client = gateway.client().initialize()) {
            store.throwFor(Integer.MAX_VALUE);
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            Stream upstream = request.sse();
            upstream.event("", message(1));
            await().until(() -> gateway.metric("persistence_retry_total") > 3); // hold-for is over by far
            assertThat(call).isNotDone();
            store.heal();
            upstream.event("", request.resultOf("done"));
            try (Events events = new Events(call.get())) {
                assertThat(events.nextMessage().data()).isEqualTo(message(1));
                assertThat(events.nextMessage().data()).isEqualTo(request.resultOf("done"));
            }
        }
    }

    @Test
    void aSlowAnswerThatIsNoStreamNeedsNoStore() throws Exception {
        Map<String, String> flags = Map.of("--hold-for", "50ms", "--resumable-after", "0s");
        try (ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = new GatewayFixture(store, server.url(), flags);
                TestClient client = gateway.client().initialize()) {
            store.throwFor(Integer.MAX_VALUE);
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            await().until(() -> !gateway.gateway().degraded().isEmpty());
            request.result("done");
            HttpResponse<InputStream> answer = call.get();
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.headers().firstValue("content-type")).hasValue("application/json");
            assertThat(TestClient.text(answer)).isEqualTo(request.resultOf("done"));
        }
    }

    @Test
    void aCallThatTheServerForgotItsSessionForIsSentAgainWithoutTheStore() throws Exception {
        try (ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = new GatewayFixture(store, server.url(), HOLD);
                TestClient client = gateway.client().initialize()) {
            store.throwFor(Integer.MAX_VALUE);
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            server.nextRequest().empty(404);
            Request again = server.nextRequest();
            assertThat(again.header("Mcp-Session-Id")).isEqualTo("up-2");
            again.result("done");
            assertThat(TestClient.text(call.get())).isEqualTo(again.resultOf("done"));
            store.heal();
            SessionId session = SessionId.parse(client.session()).orElseThrow();
            await().until(() -> store.session(session).orElseThrow().state().generation() == 2);
        }
    }

    @Test
    void aCallThatIsTakenBackInTheOutageEndsAtOnce() throws Exception {
        Map<String, String> flags = Map.of("--hold-for", "1h", "--resumable-after", "0s");
        try (ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = new GatewayFixture(store, server.url(), flags);
                TestClient client = gateway.client().initialize()) {
            store.throwFor(Integer.MAX_VALUE);
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            server.nextRequest();
            client.post("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":1}}");
            assertThat(new Events(call.get()).rest()).isEmpty();
        }
    }

    @Test
    void aStoreThatWorksIsWaitedForHoweverShortTheTime() throws Exception {
        try (ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = new GatewayFixture(store, server.url(), Map.of("--hold-for", "0s"));
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            request.sse().event("", request.resultOf("done"));
            try (Events events = new Events(call.get())) {
                assertThat(events.nextMessage().data()).isEqualTo(request.resultOf("done"));
            }
            assertThat(client.delete().statusCode()).isEqualTo(200);
        }
    }

    @Test
    void whatWasLetGoForRoomIsAGapForWhoDidNotSeeIt() throws Exception {
        int last = 60;
        try (ScriptedServer server = new ScriptedServer().withStandaloneStream();
                GatewayFixture gateway = new GatewayFixture(store, server.url(), DELIVER);
                TestClient client = gateway.client().initialize();
                Events events = client.get("")) {
            Stream upstream = server.nextGet().sse();
            upstream.event("", message(1));
            Event first = events.nextMessage();
            store.throwFor(Integer.MAX_VALUE);
            for (int number = 2; number <= last; number++) {
                upstream.event("", message(number));
                assertThat(events.next()).isEqualTo(new Event("", message(number)));
            }
            try (TestClient late = gateway.client().as(client.session());
                    Events rest = late.get(first.id())) {
                List<Event> shown = new ArrayList<>();
                while (shown.isEmpty() || !shown.getLast().data().equals(message(last))) {
                    shown.add(rest.nextMessage());
                }
                assertThat(shown)
                        .as("in the outage")
                        .allMatch(event -> event.id().isEmpty());
                assertThat(shown).anyMatch(event -> event.data().contains("no longer kept"));
                assertThat(shown).doesNotHaveDuplicates();
                store.heal();
                assertThat(rest.next().data()).as("its cursor moves").isEmpty();
            }
            assertThat(store.read(SessionId.parse(client.session()).orElseThrow(), 0, 0, 100, 1 << 20))
                    .as("not all of them were kept")
                    .hasSizeLessThan(last);
            try (TestClient second = gateway.client().as(client.session());
                    Events resumed = second.get(first.id())) {
                upstream.event("", message(last + 1));
                List<String> told = new ArrayList<>();
                while (told.isEmpty() || !told.getLast().equals(message(last + 1))) {
                    told.add(resumed.nextMessage().data());
                }
                assertThat(told).anyMatch(data -> data.contains("no longer kept"));
                assertThat(told).anyMatch(data -> data.contains("notifications/tools/list_changed"));
                assertThat(told).doesNotHaveDuplicates();
            }
        }
    }
}
