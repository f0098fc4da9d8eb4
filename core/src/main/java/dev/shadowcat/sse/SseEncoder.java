package dev.shadowcat.sse;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Encodes events of an event stream. Every event names its type, {@code message}, though the grammar lets it go without
 * saying: the official Java client drops events on its standalone stream that do not (java-sdk issue 885).
 *
 * <p>Ids are visible ASCII; anything else is refused, since it could end the line that it stands on.
 */
public final class SseEncoder {
    private static final byte[] TYPE = ascii("event: message\n");
    private static final byte[] ID = ascii("id: ");
    private static final byte[] DATA = ascii("data: ");
    private static final byte[] EMPTY_DATA = ascii("data: \n\n");
    private static final byte[] RETRY = ascii("retry: ");
    private static final byte[] KEEPALIVE = ascii(": keepalive\n\n");

    private SseEncoder() {}

    /** Encodes an event with one message; without an id where that is null. */
    public static byte[] event(@Nullable CharSequence id, byte[] message) {
        byte[] encoded = new byte[eventLength(id, message)];
        writeEvent(id, message, ByteBuffer.wrap(encoded));
        return encoded;
    }

    /** How many bytes {@link #writeEvent} writes. */
    public static int eventLength(@Nullable CharSequence id, byte[] message) {
        int length = TYPE.length + (id == null ? 0 : ID.length + id.length() + 1) + message.length + 1;
        for (int line = 0; line <= message.length; ) {
            int end = LineScanner.lineEnd(message, line, message.length);
            length = Math.addExact(length, DATA.length);
            line = nextLine(message, end);
            length -= line - end > 1 && end < message.length ? 1 : 0; // CR LF becomes one LF
        }
        return length + 1;
    }

    /**
     * Writes an event with one message; without an id where that is null. A message of several lines becomes as many lines
     * of data, which the receiver joins by LF whatever they were parted by: in JSON that is all the same.
     *
     * @throws java.nio.BufferOverflowException if less than {@link #eventLength} bytes remain
     */
    public static void writeEvent(@Nullable CharSequence id, byte[] message, ByteBuffer target) {
        target.put(TYPE);
        if (id != null) {
            writeId(id, target);
        }
        for (int line = 0; line <= message.length; ) {
            int end = LineScanner.lineEnd(message, line, message.length);
            target.put(DATA).put(message, line, end - line).put((byte) '\n');
            line = nextLine(message, end);
        }
        target.put((byte) '\n');
    }

    /**
     * Encodes a priming event: an id, an empty data field (2025-11-25, basic/transports, Sending Messages to the Server),
     * and the time to wait before reconnecting where {@code retryMillis} is not negative.
     */
    public static byte[] priming(CharSequence id, long retryMillis) {
        byte[] retry = retryMillis < 0 ? new byte[0] : retryLine(retryMillis);
        ByteBuffer target = ByteBuffer.allocate(retry.length + ID.length + id.length() + 1 + EMPTY_DATA.length);
        target.put(retry);
        writeId(id, target);
        return target.put(EMPTY_DATA).array();
    }

    /** Encodes the time to wait before reconnecting, and nothing else. */
    public static byte[] retry(long millis) {
        byte[] line = retryLine(millis);
        return ByteBuffer.allocate(line.length + 1).put(line).put((byte) '\n').array();
    }

    /** A comment that keeps an idle connection from being cut. */
    public static byte[] keepalive() {
        return KEEPALIVE.clone();
    }

    /** Where the next line begins; beyond the message where there is none. */
    private static int nextLine(byte[] message, int end) {
        boolean pair = end + 1 < message.length && message[end] == '\r' && message[end + 1] == '\n';
        return end + (pair ? 2 : 1);
    }

    private static void writeId(CharSequence id, ByteBuffer target) {
        target.put(ID);
        for (int i = 0; i < id.length(); i++) {
            char c = id.charAt(i);
            if (c <= ' ' || c > '~') {
                throw new IllegalArgumentException("event id: must be visible ASCII, but holds character " + (int) c);
            }
            target.put((byte) c);
        }
        target.put((byte) '\n');
    }

    private static byte[] retryLine(long millis) {
        if (millis < 0) {
            throw new IllegalArgumentException("retry: must not be negative, but was " + millis);
        }
        byte[] digits = ascii(Long.toString(millis));
        return ByteBuffer.allocate(RETRY.length + digits.length + 1)
                .put(RETRY)
                .put(digits)
                .put((byte) '\n')
                .array();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
