package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.store.MemoryStore;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A request that is refused is refused under its own id; null is for what has none (JSON-RPC 2.0, section 5). */
@Timeout(30)
class ErrorIdTest {
    private static final String NOBODYS = "AAAAAAAAAAAAAAAAAAAAAA";

    private ScriptedServer server;
    private GatewayFixture gateway;
    private TestClient client;

    @BeforeEach
    void start() throws Exception {
        server = new ScriptedServer();
        gateway = new GatewayFixture(new MemoryStore(1 << 20), server.url(), Map.of());
        client = gateway.client();
    }

    @AfterEach
    void stop() {
        client.close();
        gateway.close();
        server.close();
    }

    @Test
    void ofASessionThatIsNotThere() throws Exception {
        client.as(NOBODYS);
        assertThat(refused(404, TestClient.call("\"x-7\""))).contains("\"id\":\"x-7\"");
        client.as("no id of ours");
        assertThat(refused(404, TestClient.call("7"))).contains("\"id\":7");
    }

    @Test
    void thatNamesNone() throws Exception {
        assertThat(refused(400, TestClient.call("7"))).contains("\"id\":7");
    }

    @Test
    void thatAcceptsNoStream() throws Exception {
        client.header("Accept", "application/json");
        assertThat(refused(406, TestClient.call("7"))).contains("\"id\":7");
        assertThat(refused(406, "[" + TestClient.call("7") + "]")).contains("\"id\":null");
        assertThat(refused(406, "[")).contains("\"id\":null");
    }

    @Test
    void whatIsNoSingleRequestHasNone() throws Exception {
        client.as(NOBODYS);
        assertThat(refused(404, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}"))
                .contains("\"id\":null");
        assertThat(refused(404, "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}")).contains("\"id\":null");
        assertThat(refused(404, "[" + TestClient.call("7") + "]")).contains("\"id\":null");
        assertThat(refused(400, "[")).contains("\"id\":null");
    }

    private String refused(int status, String body) throws Exception {
        HttpResponse<InputStream> answer = client.post(body);
        assertThat(answer.statusCode()).isEqualTo(status);
        return TestClient.text(answer);
    }
}
