package dev.shadowcat.mcp;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Changes one id in a message and leaves every other byte as it was; puts messages together. */
public final class MessageEditor {
    private MessageEditor() {}

    /**
     * A request or an answer by this id: in the place of its own one, or of none, as an error about what could not be read
     * has it. A copy where anything changes, or it does not fill the array.
     *
     * @param start where it begins in the array
     * @param end where it ends
     * @param envelope what was read from the array; its spans count from there
     */
    public static byte[] withId(byte[] array, int start, int end, Envelope envelope, RequestId id) {
        Span span = envelope.idSpan();
        if (span == null) {
            return withFirstMember(array, start, end, id);
        }
        if (!envelope.shows(id)) {
            Span own = new Span(span.start() - start, span.end() - start);
            return replace(array, start, end - start, own, id);
        }
        return start == 0 && end == array.length ? array : Arrays.copyOfRange(array, start, end);
    }

    private static byte[] withFirstMember(byte[] array, int start, int end, RequestId id) {
        int brace = start;
        while (array[brace] != '{') {
            brace++;
        }
        byte[] member = ("{\"id\":" + id.json() + ",").getBytes(StandardCharsets.UTF_8);
        byte[] edited = new byte[Math.addExact(member.length, end - brace - 1)];
        System.arraycopy(member, 0, edited, 0, member.length);
        System.arraycopy(array, brace + 1, edited, member.length, end - brace - 1);
        return edited;
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
