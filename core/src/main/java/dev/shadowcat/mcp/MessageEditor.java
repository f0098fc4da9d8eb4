package dev.shadowcat.mcp;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Changes one id in a message and leaves every other byte as it was; puts messages together. */
public final class MessageEditor {
    private MessageEditor() {}

    /**
     * Copies a message with another id.
     *
     * @param envelope what was read from just these bytes
     * @throws IllegalArgumentException if the message has no id
     */
    public static byte[] replaceId(byte[] buffer, int offset, int length, Envelope envelope, RequestId id) {
        return replace(buffer, offset, length, envelope.idSpan(), id);
    }

    /**
     * Copies a {@code notifications/cancelled} with another id of the request that it cancels.
     *
     * @param envelope what was read from just these bytes
     * @throws IllegalArgumentException if the message cancels nothing
     */
    public static byte[] replaceCancelledId(byte[] buffer, int offset, int length, Envelope envelope, RequestId id) {
        return replace(buffer, offset, length, envelope.cancelledIdSpan(), id);
    }

    /** A batch of messages. */
    public static byte[] batch(List<byte[]> messages) {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        text.write('[');
        for (int i = 0; i < messages.size(); i++) {
            if (i > 0) {
                text.write(',');
            }
            text.writeBytes(messages.get(i));
        }
        text.write(']');
        return text.toByteArray();
    }

    /** Copies a range of a buffer with one span of it, counted from {@code offset}, replaced by other JSON text. */
    public static byte[] replace(byte[] buffer, int offset, int length, @Nullable Span span, RequestId id) {
        if (span == null || span.end() > length) {
            throw new IllegalArgumentException(
                    "span: must lie in the message of " + length + " bytes, but was " + span);
        }
        byte[] text = id.json().getBytes(StandardCharsets.UTF_8);
        byte[] edited = new byte[Math.addExact(length - span.length(), text.length)];
        System.arraycopy(buffer, offset, edited, 0, span.start());
        System.arraycopy(text, 0, edited, span.start(), text.length);
        System.arraycopy(buffer, offset + span.end(), edited, span.start() + text.length, length - span.end());
        return edited;
    }
}
