package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.testkit.SharedMemory;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two gateways on one store whose leases outlast every test: what one has seen of the other stays seen. */
@Timeout(30)
class HolderSeenTest {
    private final SharedMemory shared = new SharedMemory(Duration.ofMinutes(2), System::nanoTime);
    private final SharedMemory.Node storeOfOne = shared.node();
    private final SharedMemory.Node storeOfTwo = shared.node();
    private ScriptedServer server;
    private GatewayFixture one;
    private GatewayFixture two;
    private boolean gone; // the first of them

    @BeforeEach
    void start() throws Exception {
        server = new ScriptedServer();
        one = new GatewayFixture(storeOfOne, server.url(), Map.of());
        storeOfOne.address(one.url("").getAuthority());
        two = new GatewayFixture(storeOfTwo, server.url(), Map.of());
        storeOfTwo.address(two.url("").getAuthority());
    }

    @AfterEach
    void stop() {
        if (!gone) {
            one.close();
        }
        two.close();
        server.close();
    }

    private TestClient atOther(TestClient client) {
        return two.client().as(client.session());
    }

    private HttpResponse<InputStream> answered(TestClient client, String id) throws Exception {
        CompletableFuture<HttpResponse<InputStream>> call = client.callLater(id);
        server.nextRequest().result("done");
        HttpResponse<InputStream> answer = call.get();
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(TestClient.text(answer)).contains("\"text\":\"done\"");
        return answer;
    }

    @Test
    void whoServedASessionLatelyIsAskedWithoutTheStore() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            answered(other, "1");
            int claims = storeOfTwo.claims();
            answered(other, "2");
            assertThat(other.delete().statusCode()).isEqualTo(200);
            assertThat(storeOfTwo.claims()).isEqualTo(claims);
            assertThat(other.post(TestClient.call("3")).statusCode()).isEqualTo(404);
        }
    }

    @Test
    void aNodeThatDoesNotHoldTheSessionIsAskedOnce() throws Exception {
        SharedMemory.Node storeOfThree = shared.node();
        try (GatewayFixture three = new GatewayFixture(storeOfThree, server.url(), Map.of());
                TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            storeOfThree.address(three.url("").getAuthority());
            answered(other, "1");
            two.gateway().nodes().holders().holds(three.url("").getAuthority(), client.sessionId());
            int claims = storeOfTwo.claims();
            answered(other, "2");
            assertThat(storeOfTwo.claims()).isEqualTo(claims + 1);
            answered(other, "3");
            assertThat(storeOfTwo.claims()).isEqualTo(claims + 1);
            assertThat(two.metric("requests_forward_failures_total{reason=\"misdirected\"}"))
                    .isEqualTo(1);
        }
    }

    @Test
    void theSessionsOfANodeThatWasSeenAndIsGoneGoOnHere() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            answered(other, "1");
            one.close();
            gone = true;
            answered(other, "2");
            int claims = storeOfTwo.claims();
            answered(other, "3");
            assertThat(storeOfTwo.claims()).isEqualTo(claims);
            assertThat(two.metric("requests_forwarded_total")).isEqualTo(1);
        }
    }

    @Test
    void whatCameToThisNodeIsServedHereAtOnce() throws Exception {
        try (TestClient client = one.client().initialize()) {
            answered(client, "1");
            one.gateway().nodes().holders().holds(two.url("").getAuthority(), client.sessionId());
            answered(client, "2");
            assertThat(one.metric("requests_forwarded_total")).isZero();
        }
    }

    @Test
    void aWholeAnswerComesAsTheHolderGaveIt() throws Exception {
        try (TestClient client = one.client().initialize();
                TestClient other = atOther(client)) {
            HttpResponse<InputStream> here = answered(client, "1");
            HttpResponse<InputStream> there = answered(other, "1");
            assertThat(named(there)).isEqualTo(named(here));
            assertThat(there.headers().firstValue("content-length"))
                    .isEqualTo(here.headers().firstValue("content-length"));
            assertThat(there.headers().firstValue("mcp-session-id")).hasValue(client.session());
        }
    }

    private static Set<String> named(HttpResponse<InputStream> answer) {
        return answer.headers().map().keySet();
    }
}
