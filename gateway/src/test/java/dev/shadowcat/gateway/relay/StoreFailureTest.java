package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.gateway.relay.ScriptedServer.Stream;
import dev.shadowcat.store.MemoryStore;
import dev.shadowcat.testkit.FailingStore;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
                TestClient.Events events = client.get("")) {
            Stream upstream = server.nextGet().sse();
            upstream.event("", message(1));
            TestClient.Event first = events.nextMessage();
            assertThat(first.id()).isNotEmpty();
            store.throwFor(Integer.MAX_VALUE);
            upstream.event("", message(2));
            assertThat(events.next()).isEqualTo(new TestClient.Event("", message(2)));
            assertThat(gateway.gateway().degraded()).isNotEmpty();
            await().untilAsserted(() -> assertThat(gateway.metric("persistence_unstored_delivered_total"))
                    .isEqualTo(1)); // counted behind the write
            store.heal();
            TestClient.Event moved = events.next();
            assertThat(moved.data()).isEmpty();
            upstream.event("", message(3));
            assertThat(events.next().data()).isEqualTo(message(3));
            try (TestClient second = gateway.client().as(client.session());
                    TestClient.Events resumed = second.get(first.id())) {
                assertThat(resumed.nextMessage()).isEqualTo(new TestClient.Event(moved.id(), message(2)));
                assertThat(resumed.nextMessage().data()).isEqualTo(message(3));
            }
        }
    }

    @Test
    void whatWasLetGoForRoomIsAGapForWhoDidNotSeeIt() throws Exception {
        int last = 60;
        try (ScriptedServer server = new ScriptedServer().withStandaloneStream();
                GatewayFixture gateway = new GatewayFixture(store, server.url(), DELIVER);
                TestClient client = gateway.client().initialize();
                TestClient.Events events = client.get("")) {
            Stream upstream = server.nextGet().sse();
            upstream.event("", message(1));
            TestClient.Event first = events.nextMessage();
            store.throwFor(Integer.MAX_VALUE);
            for (int number = 2; number <= last; number++) {
                upstream.event("", message(number));
                assertThat(events.next()).isEqualTo(new TestClient.Event("", message(number)));
            }
            store.heal();
            TestClient.Event moved = events.next();
            assertThat(moved.data()).isEmpty();
            assertThat(store.read(SessionId.parse(client.session()).orElseThrow(), 0, 0, 100, 1 << 20))
                    .as("not all of them were kept")
                    .hasSizeLessThan(last);
            try (TestClient second = gateway.client().as(client.session());
                    TestClient.Events resumed = second.get(first.id())) {
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
