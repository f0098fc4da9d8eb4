package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.gateway.relay.TestClient.Events;
import dev.shadowcat.store.MemoryStore;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the gateway says of the memory of its sessions. */
@Tag("memory-usage")
@Timeout(30)
class SessionFootprintTest {
    private static final String EVENT = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}";
    private static final int SOCKETS = 1_500; // both of them, at least
    private static final int WHOLE = 4_096;

    @Test
    void aLiveSessionCountsWithBothItsSocketsAndAnIdleOneWithout() throws Exception {
        try (ScriptedServer server = new ScriptedServer().withStandaloneStream();
                GatewayFixture gateway = new GatewayFixture(new MemoryStore(1 << 20), server.url(), Map.of());
                TestClient client = gateway.client().initialize()) {
            gateway.gateway().measureSessions();
            await().until(() -> gateway.gateway().sessionBytes() > 0);
            assertThat(gateway.gateway().sessionBytes()).isLessThan(1_024);

            CompletableFuture<HttpResponse<InputStream>> opening = client.getLater();
            server.nextGet().sse().event("", EVENT);
            try (Events events = new Events(opening.get())) {
                events.nextMessage();
                gateway.gateway().measureSessions();
                await().until(() -> gateway.gateway().sessionBytes() > SOCKETS);
                assertThat(gateway.gateway().sessionBytes()).isLessThan(WHOLE);
                assertThat(gateway.metric("memory_bytes_per_session_count")).isGreaterThanOrEqualTo(2);
            }
            assertThat(gateway.gateway().texts().size()).isPositive();
        }
    }
}
