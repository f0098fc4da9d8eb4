package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.MemoryStore;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The upstream's cookies: those of its load balancer live with the session, all others in memory. */
@Timeout(20)
class CookiesTest {
    private final EventStore store = new MemoryStore(16 << 20);

    @Test
    void anyCookieGoesBackToItsUpstreamSessionAndOnlyAffinityCookiesAreStored() throws Exception {
        try (ScriptedServer server = new ScriptedServer().cookies("sid=abc; Path=/; HttpOnly", "route=b; Path=/");
                GatewayFixture gateway = new GatewayFixture(store, server.url(), Map.of());
                TestClient client = gateway.client().initialize()) {
            String sent = cookieOfCall(server, client);
            assertThat(sent.split("; ")).containsExactlyInAnyOrder("sid=abc", "route=b");
            SessionId id = SessionId.parse(client.session()).orElseThrow();
            assertThat(store.session(id).orElseThrow().state().affinityCookies())
                    .isEqualTo("route=b");
        }
    }

    @Test
    void aCookieThatTheUpstreamTakesBackIsGone() throws Exception {
        try (ScriptedServer server = new ScriptedServer().cookies("sid=abc", "theme=dark");
                GatewayFixture gateway = new GatewayFixture(store, server.url(), Map.of());
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            ScriptedServer.Request request = server.nextRequest();
            request.exchange().getResponseHeaders().add("Set-Cookie", "sid=; Max-Age=0");
            request.result("done");
            call.get();
            assertThat(cookieOfCall(server, client)).isEqualTo("theme=dark");
        }
    }

    @Test
    void noCookieReachesAnotherUpstreamSession() throws Exception {
        try (ScriptedServer server = new ScriptedServer().cookies("sid=abc");
                GatewayFixture gateway = new GatewayFixture(store, server.url(), Map.of());
                TestClient client = gateway.client().initialize()) {
            server.cookies();
            try (TestClient other = gateway.client().initialize()) {
                assertThat(cookieOfCall(server, other)).isEmpty();
            }
            CompletableFuture<HttpResponse<InputStream>> lost = client.callLater("1");
            server.nextRequest().empty(404); // the upstream forgot the session: a new one begins, without the cookie
            ScriptedServer.Request again = server.nextRequest();
            assertThat(again.header("Mcp-Session-Id")).isEqualTo("up-3");
            assertThat(again.header("Cookie")).isEmpty();
            again.result("done");
            lost.get();
        }
    }

    private static String cookieOfCall(ScriptedServer server, TestClient client) throws Exception {
        CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
        ScriptedServer.Request request = server.nextRequest();
        String cookie = request.header("Cookie");
        request.result("done");
        assertThat(call.get().statusCode()).isEqualTo(200);
        return cookie;
    }
}
