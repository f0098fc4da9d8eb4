package dev.shadowcat.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.shadowcat.mcp.Message.Batch;
import dev.shadowcat.mcp.Message.Element;
import dev.shadowcat.mcp.Message.Malformed;
import dev.shadowcat.mcp.Message.Single;
import org.jspecify.annotations.Nullable;

/** Whatever bytes come: no exception, spans that lie in the message, and edits that change what they should. */
class MessageReaderFuzzTest {
    private static final RequestId OTHER = RequestId.ofText("other\n");

    @FuzzTest(maxDuration = "30s")
    void readsAnything(byte @Nullable [] input) {
        byte[] bytes = input == null ? new byte[0] : input;
        switch (MessageReader.read(bytes)) {
            case Malformed malformed ->
                assertThat(malformed.code()).isIn(McpErrors.PARSE_ERROR, McpErrors.INVALID_REQUEST);
            case Single(Envelope envelope) -> {
                assertThat(envelope.method() == null).isEqualTo(envelope.isAnswer());
                editId(bytes, envelope);
                editCancelledId(bytes, envelope);
            }
            case Batch batch -> {
                for (Element element : batch.elements()) {
                    Span span = element.span();
                    Message alone = MessageReader.read(bytes, span.start(), span.length());
                    assertThat(alone).isInstanceOf(Single.class);
                    Envelope envelope = ((Single) alone).envelope();
                    assertThat(envelope.id()).isEqualTo(element.envelope().id());
                    assertThat(envelope.params().target())
                            .isEqualTo(element.envelope().target());
                }
            }
        }
        InitializeRequest.read(bytes);
        InitializeResult.read(bytes)
                .ifPresent(result -> assertThat(result.capabilities()).hasSizeLessThanOrEqualTo(128));
    }

    private static void editId(byte[] bytes, Envelope envelope) {
        assertThat(envelope.idSpan() != null || envelope.id() == null).isTrue();
        if (envelope.isNotification()) {
            return;
        }
        byte[] edited = MessageEditor.withId(bytes, 0, bytes.length, envelope, OTHER);
        Envelope again = ((Single) MessageReader.read(edited)).envelope();
        assertThat(again.id()).isEqualTo(OTHER);
        assertThat(again.method()).isEqualTo(envelope.method());
        if (envelope.id() == null) {
            return;
        }
        byte[] back = MessageEditor.withId(edited, 0, edited.length, again, envelope.id());
        assertThat(((Single) MessageReader.read(back)).envelope().id()).isEqualTo(envelope.id());
    }

    private static void editCancelledId(byte[] bytes, Envelope envelope) {
        if (envelope.cancelledId() == null) {
            return;
        }
        byte[] edited = MessageEditor.replaceCancelledId(bytes, 0, bytes.length, envelope, OTHER);
        assertThat(((Single) MessageReader.read(edited)).envelope().cancelledId())
                .isEqualTo(OTHER);
    }
}
