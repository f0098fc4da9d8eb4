package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.gateway.relay.TestClient.Events;
import dev.shadowcat.store.MemoryStore;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an upstream says before it answers {@code initialize}, or in the place of an answer. */
@Timeout(20)
class BeforeInitializedTest {
    private static final String WARNING = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":"
            + "{\"level\":\"warning\",\"data\":\"early\"}}";

    @Test
    void notificationsBeforeTheAnswerComeOnTheStandaloneStream() throws Exception {
        try (ScriptedServer server = new ScriptedServer().withStandaloneStream().beforeInitialized(WARNING, WARNING);
                GatewayFixture gateway = new GatewayFixture(new MemoryStore(1 << 20), server.url(), Map.of());
                TestClient client = gateway.client().initialize();
                Events events = client.get("")) {
            assertThat(events.nextMessage()).isEqualTo(new TestClient.Event("0-1", WARNING));
            assertThat(events.nextMessage()).isEqualTo(new TestClient.Event("0-2", WARNING));
        }
    }

    @Test
    void theAnswerToAnotherRequestIsNotTakenForTheSessionsBeginning() throws Exception {
        String foreign =
                "{\"jsonrpc\":\"2.0\",\"id\":99,\"result\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{}}}";
        try (ScriptedServer server = new ScriptedServer().beforeInitialized(foreign);
                GatewayFixture gateway = new GatewayFixture(new MemoryStore(1 << 20), server.url(), Map.of());
                TestClient client = gateway.client()) {
            HttpResponse<InputStream> answer = client.post(TestClient.INITIALIZE);
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(TestClient.text(answer)).contains("\"id\":0", "scripted");
        }
    }

    @Test
    void anIdThatAServerMightRoundIsReplacedOnItsWay() throws Exception {
        try (ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = new GatewayFixture(new MemoryStore(1 << 20), server.url(), Map.of());
                TestClient client = gateway.client()) {
            HttpResponse<InputStream> answer =
                    client.post(TestClient.INITIALIZE.replace("\"id\":0", "\"id\":9007199254740993"));
            assertThat(server.initializes()).singleElement().asString().doesNotContain("900719925474099");
            assertThat(TestClient.text(answer)).contains("\"id\":9007199254740993,", "scripted");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"id\":null,", ""})
    void anErrorThatNamesNoRequestIsToldInItsId(String id) throws Exception {
        String error = "{\"jsonrpc\":\"2.0\"," + id + "\"error\":{\"code\":-32600,\"message\":\"m\"}}";
        try (ScriptedServer server = new ScriptedServer().beforeInitialized(error);
                GatewayFixture gateway = new GatewayFixture(new MemoryStore(1 << 20), server.url(), Map.of());
                TestClient client = gateway.client()) {
            assertThat(TestClient.text(client.post(TestClient.INITIALIZE))).contains("\"id\":0", "-32600");
        }
    }

    @Test
    void aServerThatAnswersAnotherRequestOnlyBeginsNoSession() throws Exception {
        try (ScriptedServer server = new ScriptedServer().initializeId("99");
                GatewayFixture gateway = new GatewayFixture(new MemoryStore(1 << 20), server.url(), Map.of());
                TestClient client = gateway.client()) {
            HttpResponse<InputStream> answer = client.post(TestClient.INITIALIZE);
            assertThat(answer.statusCode()).isEqualTo(502);
            assertThat(answer.headers().firstValue("mcp-session-id")).isEmpty();
            assertThat(TestClient.text(answer)).contains("\"id\":0", "error");
        }
    }
}
