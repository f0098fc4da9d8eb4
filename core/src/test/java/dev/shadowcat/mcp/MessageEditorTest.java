package dev.shadowcat.mcp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shadowcat.mcp.Message.Batch;
import dev.shadowcat.mcp.Message.Element;
import dev.shadowcat.mcp.Message.Single;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"id\": null ,\"jsonrpc\":\"2.0\",@} | {\"id\": 7 ,\"jsonrpc\":\"2.0\",@}",
                "{ \"jsonrpc\":\"2.0\",@} | {\"id\":7, \"jsonrpc\":\"2.0\",@}",
                "{\"jsonrpc\":\"2.0\",@,\"id\":7.0} | {\"jsonrpc\":\"2.0\",@,\"id\":7}",
                "{\"jsonrpc\":\"2.0\",@,\"id\":7} | {\"jsonrpc\":\"2.0\",@,\"id\":7}",
            })
    void givesAnAnswerTheIdOfItsRequest(String written, String expected) {
        String error = "\"error\":{\"code\":1,\"message\":\"€\"}";
        byte[] alone = (" " + written.replace("@", error)).getBytes(UTF_8);
        assertThat(MessageEditor.withId(alone, 1, alone.length, envelope(alone), new RequestId("7")))
                .asString(UTF_8)
                .isEqualTo(expected.replace("@", error));
        String before = "[ {\"jsonrpc\":\"2.0\",\"method\":\"m\"} , ";
        byte[] batch = (before + written.replace("@", error) + " ]").getBytes(UTF_8);
        Element element = ((Batch) MessageReader.read(batch)).elements().getLast();
        assertThat(MessageEditor.withId(
                        batch, element.span().start(), element.span().end(), element.envelope(), new RequestId("7")))
                .asString(UTF_8)
                .isEqualTo(expected.replace("@", error));
    }

    @Test
    void refusesAMessageThatCancelsNothing() {
        byte[] message = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}".getBytes(UTF_8);
        RequestId id = new RequestId("1");
        assertThatThrownBy(() -> MessageEditor.replaceCancelledId(message, 0, message.length, envelope(message), id))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static Envelope envelope(byte[] message) {
        return ((Single) MessageReader.read(message)).envelope();
    }
}
