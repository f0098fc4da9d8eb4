package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.event.EventId;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.gateway.relay.ScriptedServer.Request;
import dev.shadowcat.gateway.relay.ScriptedServer.Stream;
import dev.shadowcat.gateway.relay.TestClient.Event;
import dev.shadowcat.gateway.relay.TestClient.Events;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.MemoryStore;
import dev.shadowcat.store.StreamRecord.Phase;
import dev.shadowcat.testkit.ManualClock;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A session with credentials whose call was cut by a restart of the gateway. */
@Timeout(20)
class InterruptedSessionTest {
    private static final String WORKING = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}";

    private final EventStore store = new MemoryStore(16 << 20);
    private ScriptedServer server;

    @BeforeEach
    void startServer() throws Exception {
        server = new ScriptedServer().withStandaloneStream();
    }

    @AfterEach
    void stopServer() {
        server.close();
    }

    /** What is left of it. */
    private record Left(String session, EventId seen, Request request) {}

    private Left interrupted(String upstreamId) throws Exception {
        try (GatewayFixture gateway = new GatewayFixture(store, server.url(), Map.of());
                TestClient client = gateway.client().bearer("a").initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            Request request = server.nextRequest();
            Stream stream = request.sse();
            stream.event(upstreamId, WORKING);
            try (Events events = new Events(call.get())) {
                String id = events.nextMessage().id();
                return new Left(client.session(), EventId.parse(id).orElseThrow(), request);
            }
        }
    }

    @Test
    void itLeavesMemoryThoughItsOpenerIsAwayAndGoesOnWhenItComesBack() throws Exception {
        Left left = interrupted("u1");
        try (GatewayFixture gateway = new GatewayFixture(store, server.url(), Map.of("--max-sessions", "1"));
                TestClient foreign = gateway.client().as(left.session()).bearer("b");
                TestClient other = gateway.client();
                TestClient opener = gateway.client().as(left.session()).bearer("a")) {
            assertThat(foreign.post(TestClient.call("2")).statusCode()).isEqualTo(404);
            assertThat(other.initialize().session()).as("there is room").isNotEmpty();
            try (Events events = opener.get(left.seen().toString())) {
                server.nextGet().sse().event("u2", left.request().resultOf("done"));
                assertThat(events.rest())
                        .extracting(Event::data)
                        .contains(left.request().resultOf("done"));
            }
        }
    }

    @Test
    void aClockThatIsSetAnHourForwardsGivesNoCallUp() throws Exception {
        Left left = interrupted("u1");
        ManualClock clock = new ManualClock(Instant.ofEpochSecond(1_700_000_000));
        Clocks clocks = new Clocks(clock.withZone(ZoneOffset.UTC), clock.nanoTime());
        try (GatewayFixture gateway = new GatewayFixture(store, server.url(), Map.of(), clocks);
                TestClient opener = gateway.client().as(left.session()).bearer("a");
                Events events = opener.get(left.seen().toString())) {
            Request refused = server.nextGet();
            clock.jump(Duration.ofHours(1));
            refused.empty(503);
            server.nextGet().sse().event("u2", left.request().resultOf("done"));
            assertThat(events.rest())
                    .extracting(Event::data)
                    .contains(left.request().resultOf("done"));
        }
    }

    @Test
    void whatNoUpstreamCanGoOnWithEndsThoughItsOpenerIsAway() throws Exception {
        Left left = interrupted("");
        SessionId id = SessionId.parse(left.session()).orElseThrow();
        int stream = left.seen().stream();
        assertThat(store.stream(id, stream).orElseThrow().record().phase()).isEqualTo(Phase.OPEN);
        try (GatewayFixture gateway = new GatewayFixture(store, server.url(), Map.of())) {
            await().until(() -> store.stream(id, stream).orElseThrow().record().phase() == Phase.FINISHED);
            try (TestClient opener = gateway.client().as(left.session()).bearer("a");
                    Events events = opener.get(left.seen().toString())) {
                assertThat(events.nextMessage().data()).contains("\"id\":1", "\"outcome\":\"unknown\"");
            }
        }
    }
}
