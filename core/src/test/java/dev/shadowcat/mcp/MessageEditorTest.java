package dev.shadowcat.mcp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shadowcat.mcp.Message.Single;
import org.junit.jupiter.api.Test;

class MessageEditorTest {
    @Test
    void replacesTheCancelledId() {
        byte[] message =
                "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":12 ,\"reason\":\"\u20ac\"}}"
                        .getBytes(UTF_8);
        assertThat(MessageEditor.replaceCancelledId(
                        message, 0, message.length, envelope(message), RequestId.ofText("g2-12")))
                .asString(UTF_8)
                .isEqualTo(
                        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":\"g2-12\" ,\"reason\":\"\u20ac\"}}");
    }

    @Test
    void refusesAMessageWithoutId() {
        byte[] message = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}".getBytes(UTF_8);
        RequestId id = new RequestId("1");
        assertThatThrownBy(() -> MessageEditor.replaceId(message, 0, message.length, envelope(message), id))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> MessageEditor.replaceCancelledId(message, 0, message.length, envelope(message), id))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static Envelope envelope(byte[] message) {
        return ((Single) MessageReader.read(message)).envelope();
    }
}
