package dev.shadowcat.mcp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MessagesTest {
    private static final RequestId ID = RequestId.ofText("shadowcat-1");

    @Test
    void writesErrors() {
        assertThat(Messages.error(null, McpErrors.PARSE_ERROR, "no \"JSON\"\n\u20ac"))
                .asString(UTF_8)
                .isEqualTo(
                        "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"no \\\"JSON\\\"\\n\u20ac\"}}");
        assertThat(Messages.error(ID, -32000, "m", Map.of("status", List.of(502, true, "x"))))
                .asString(UTF_8)
                .isEqualTo("{\"jsonrpc\":\"2.0\",\"id\":\"shadowcat-1\",\"error\":{\"code\":-32000,\"message\":\"m\","
                        + "\"data\":{\"status\":[502,true,\"x\"]}}}");
        assertThatThrownBy(() -> Messages.error(ID, 0, "m", Map.of("a", new Object())))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void writesLogs() {
        assertThat(Messages.log("warning", "shadowcat", "gap"))
                .asString(UTF_8)
                .isEqualTo(
                        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"warning\","
                                + "\"logger\":\"shadowcat\",\"data\":\"gap\"}}");
    }

    @Test
    void writesWhatRestoresASession() {
        assertThat(Messages.initialized())
                .asString(UTF_8)
                .isEqualTo("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
        assertThat(Messages.setLevel(ID, "debug"))
                .asString(UTF_8)
                .isEqualTo(
                        "{\"jsonrpc\":\"2.0\",\"id\":\"shadowcat-1\",\"method\":\"logging/setLevel\",\"params\":{\"level\":\"debug\"}}");
        assertThat(Messages.subscribe(ID, "file:///a"))
                .asString(UTF_8)
                .isEqualTo(
                        "{\"jsonrpc\":\"2.0\",\"id\":\"shadowcat-1\",\"method\":\"resources/subscribe\",\"params\":{\"uri\":\"file:///a\"}}");
        assertThat(Messages.cancelled(new RequestId("7"), "gone"))
                .asString(UTF_8)
                .isEqualTo(
                        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":7,\"reason\":\"gone\"}}");
        assertThat(Messages.ping(ID))
                .asString(UTF_8)
                .isEqualTo("{\"jsonrpc\":\"2.0\",\"id\":\"shadowcat-1\",\"method\":\"ping\"}");
        assertThat(Messages.result(ID, Map.of()))
                .asString(UTF_8)
                .isEqualTo("{\"jsonrpc\":\"2.0\",\"id\":\"shadowcat-1\",\"result\":{}}");
    }

    @Test
    void tellsOfTheListsThatMayHaveChanged() {
        assertThat(Messages.listsChanged(
                        List.of("logging", "prompts", "resources.subscribe", "tools", "tools.listChanged")))
                .singleElement()
                .satisfies(message -> assertThat(message)
                        .asString(UTF_8)
                        .isEqualTo("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}"));
    }
}
