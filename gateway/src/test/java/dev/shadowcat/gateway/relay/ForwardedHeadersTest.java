package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.HttpHeaders;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ForwardedHeadersTest {
    private static final String JSON = "application/json";
    private static final String SSE = "text/event-stream";

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    application/json, text/event-stream          | true  | true
                    text/event-stream, application/json          | true  | true
                    text/event-stream                            | false | true
                    APPLICATION/JSON ; charset=utf-8             | true  | false
                    */*                                          | true  | true
                    text/*, application/json;q=0                 | false | true
                    application/json;q=0.1, text/event-stream;q=0.0 | true | false
                    text/html                                    | false | false
                    """)
    void whatAnAcceptHeaderTakes(String accept, boolean json, boolean sse) {
        HttpHeaders headers = Answers.headers().add("Accept", accept);
        assertThat(ForwardedHeaders.accepts(headers, JSON)).isEqualTo(json);
        assertThat(ForwardedHeaders.accepts(headers, SSE)).isEqualTo(sse);
    }

    @Test
    void noAcceptHeaderTakesAllAndSeveralAddUp() {
        assertThat(ForwardedHeaders.accepts(Answers.headers(), JSON)).isTrue();
        HttpHeaders two = Answers.headers().add("accept", "text/html").add("accept", SSE);
        assertThat(ForwardedHeaders.accepts(two, SSE)).isTrue();
        assertThat(ForwardedHeaders.accepts(two, JSON)).isFalse();
    }

    @Test
    void whatConnectionNamesGoesNoFurther() {
        HttpHeaders from = Answers.headers()
                .add("Connection", "close, X-Hop , Mcp-Session-Id,,")
                .add("connection", "x-SECOND")
                .add("x-hop", "1")
                .add("X-Second", "2")
                .add("x-end", "3")
                .add("Mcp-Session-Id", "s");
        assertThat(lines(ForwardedHeaders.request(from, Map.of()))).containsExactly("x-end=3");
        assertThat(lines(ForwardedHeaders.response(from))).containsExactly("x-end=3");
        assertThat(lines(ForwardedHeaders.toNode(from)))
                .as("this hop read it")
                .containsExactly("x-end=3", "mcp-session-id=s");
        HttpHeaders usual = Answers.headers().add("Connection", "Keep-Alive").add("x-end", "3");
        assertThat(lines(ForwardedHeaders.request(usual, Map.of()))).containsExactly("x-end=3");
    }

    @Test
    void theHopsOwnHeadersStayHoweverTheyAreWritten() {
        HttpHeaders client = Answers.headers()
                .add("HOST", "gateway")
                .add("Connection", "keep-alive")
                .add("cOnTent-lEngth", "2")
                .add("Mcp-Session-Id", "s")
                .add("Last-Event-ID", "0-1")
                .add("Origin", "http://localhost")
                .add("Authorization", "Bearer t")
                .add("x-a", "1")
                .add("x-a", "2")
                .add("", "nameless");
        assertThat(lines(ForwardedHeaders.request(client, Map.of("x-set", "by configuration"))))
                .containsExactly("Authorization=Bearer t", "x-a=1", "x-a=2", "=nameless", "x-set=by configuration");
        HttpHeaders upstream = Answers.headers()
                .add("Set-Cookie", "a=b")
                .add("MCP-SESSION-ID", "s")
                .add("Transfer-Encoding", "chunked")
                .add("Origin", "passes back")
                .add("a-name-longer-than-any-that-is-stopped", "passes");
        assertThat(lines(ForwardedHeaders.response(upstream)))
                .containsExactly("Origin=passes back", "a-name-longer-than-any-that-is-stopped=passes");
    }

    private static List<String> lines(HttpHeaders headers) {
        return headers.entries().stream()
                .map(each -> each.getKey() + "=" + each.getValue())
                .toList();
    }

    @ParameterizedTest
    @CsvSource({
        "Mcp-Session-Id, mcp-session-id, true",
        "MCP-Protocol-Version, MCP-Protocol-Version, true",
        "Last-Event-ID, LAST-EVENT-ID, true",
        "Mcp-Session-Id, MCP-Protocol-Version, false",
        "Accept, Accept, false",
    })
    void whatMustNotComeTwice(String one, String other, boolean ambiguous) {
        HttpHeaders headers = Answers.headers().add(one, "a").add("Via", "b").add(other, "c");
        assertThat(ForwardedHeaders.ambiguous(headers)).isEqualTo(ambiguous);
    }
}
