package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.store.MemoryStore;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A plain JSON answer that answers not just the requests of its POST leaves none of them without an answer. */
@Timeout(20)
class PlainAnswerTest {
    private static final String NOTE = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{}}";

    private static final List<String> NAMELESS = Stream.of("\"id\":null,", "")
            .map(id -> " {\"jsonrpc\":\"2.0\"," + id + "\"error\":{\"code\":-32700.0,\"message\":\"m\",\"data\":[7]}}")
            .toList();

    private static String result(int id) {
        return "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"result\":{}}";
    }

    @ParameterizedTest
    @ValueSource(strings = {"2s", "0s"}) // plain to the client too; a stream to the client
    void aMessageThatIsNoAnswerIsToldInTheRequestsOwnId(String resumableAfter) throws Exception {
        try (ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = gateway(server, resumableAfter);
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.callLater("1");
            server.nextRequest().json(200, NOTE);
            assertThat(TestClient.text(call.get()))
                    .contains("\"id\":1")
                    .contains("error")
                    .contains("unknown");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"2s", "0s"})
    void anAnswerBeyondALimitIsToldByThatLimit(String resumableAfter) throws Exception {
        try (ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = gateway(server, resumableAfter);
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> plain = client.callLater("1");
            server.nextRequest().json(200, result(1).replace("{}", "{\"x\":" + "9".repeat(1_001) + "}"));
            assertThat(TestClient.text(plain.get())).contains("\"id\":1", "at most 1000 digits");
            CompletableFuture<HttpResponse<InputStream>> streamed = client.callLater("2");
            server.nextRequest().sse().event("", result(2).replace("{}", "{\"x\":" + "9".repeat(1_001) + "}"));
            assertThat(TestClient.text(streamed.get())).contains("\"id\":2", "at most 1000 digits");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"2s", "0s"})
    void aBatchOfWhichOneRequestIsLeftOutIsToldSo(String resumableAfter) throws Exception {
        assertThat(twoCallsIn(resumableAfter, "[" + result(1) + "]"))
                .contains(result(1))
                .containsOnlyOnce("\"id\":2")
                .contains("error")
                .contains("unknown");
    }

    @ParameterizedTest
    @ValueSource(strings = {"2s", "0s"})
    void aBatchThatIsAnsweredWholeIsPassedOnWithWhatElseIsInIt(String resumableAfter) throws Exception {
        assertThat(twoCallsIn(resumableAfter, "[" + NOTE + "," + result(2) + "," + result(1) + "]"))
                .contains(NOTE)
                .contains(result(1))
                .contains(result(2));
    }

    @ParameterizedTest
    @ValueSource(strings = {"2s", "0s"})
    void anErrorThatNamesNoRequestAnswersTheOneThatIsLeftWhereverItStands(String resumableAfter) throws Exception {
        for (String error : NAMELESS) {
            for (String answer : List.of("[" + result(1) + "," + error + "]", "[" + error + "," + result(1) + "]")) {
                assertThat(twoCallsIn(resumableAfter, answer))
                        .contains(result(1))
                        .containsOnlyOnce("\"id\":2")
                        .containsOnlyOnce("-32700")
                        .doesNotContain("null");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"2s", "0s"})
    void anErrorThatNamesNoRequestIsToldInEachRequestsOwnId(String resumableAfter) throws Exception {
        for (String error : NAMELESS) {
            for (String answer : List.of(error, "[" + error + "]")) {
                assertThat(twoCallsIn(resumableAfter, answer))
                        .containsOnlyOnce("\"id\":1")
                        .containsOnlyOnce("\"id\":2")
                        .doesNotContain("null");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"2s", "0s"})
    void anErrorThatNamesNoRequestAnswersASingleOneInItsId(String resumableAfter) throws Exception {
        try (ScriptedServer server = new ScriptedServer();
                GatewayFixture gateway = gateway(server, resumableAfter);
                TestClient client = gateway.client().initialize()) {
            for (String error : NAMELESS) {
                CompletableFuture<HttpResponse<InputStream>> plain = client.callLater("1");
                server.nextRequest().json(200, error);
                assertThat(TestClient.text(plain.get())).contains("\"id\":1", "-32700", "[7]");
                CompletableFuture<HttpResponse<InputStream>> streamed = client.callLater("2");
                server.nextRequest().sse().event("", error);
                assertThat(TestClient.text(streamed.get())).contains("\"id\":2", "-32700", "[7]");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"2s", "0s"})
    void whatAnswersNoRequestOfTheBatchIsLeftOut(String resumableAfter) throws Exception {
        assertThat(twoCallsIn(
                        resumableAfter,
                        "[" + result(1) + "," + result(3) + "," + NAMELESS.getFirst() + "," + result(2) + "]"))
                .contains(result(1))
                .contains(result(2))
                .doesNotContain("\"id\":3")
                .doesNotContain("null");
    }

    @Test
    void aRequestOfTheServerInABatchIsAnsweredInItsOwnId() throws Exception {
        try (ScriptedServer server = new ScriptedServer().revision("2025-03-26");
                GatewayFixture gateway = gateway(server, "2s");
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> call = client.postLater("[" + TestClient.call("1") + "]");
            server.nextRequest().empty(404); // has forgotten the session, and is given a new one
            String ask = "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"roots/list\"}";
            server.nextRequest().json(200, "[" + ask + "," + result(1) + "]");
            assertThat(TestClient.text(call.get()))
                    .contains(ask.replace("5", "\"shadowcat-g2-5\""))
                    .contains(result(1));
            CompletableFuture<HttpResponse<InputStream>> answer =
                    client.postLater(result(5).replace("5", "\"shadowcat-g2-5\""));
            ScriptedServer.Request answered = server.nextRequest();
            assertThat(answered.body()).isEqualTo(result(5));
            answered.empty(202);
            assertThat(answer.get().statusCode()).isEqualTo(202);
        }
    }

    /** What a client gets that sends the calls 1 and 2 in one batch, where the server says this. */
    private static String twoCallsIn(String resumableAfter, String answer) throws Exception {
        try (ScriptedServer server = new ScriptedServer().revision("2025-03-26");
                GatewayFixture gateway = gateway(server, resumableAfter);
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> calls =
                    client.postLater("[" + TestClient.call("1") + "," + TestClient.call("2") + "]");
            server.nextRequest().json(200, answer);
            return TestClient.text(calls.get());
        }
    }

    private static GatewayFixture gateway(ScriptedServer server, String resumableAfter) throws Exception {
        return new GatewayFixture(new MemoryStore(1 << 20), server.url(), Map.of("--resumable-after", resumableAfter));
    }
}
