package dev.shadowcat.gateway.http;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;

/**
 * Writes the heads of responses, one at a time, into bytes that the next one reuses. On one event loop.
 *
 * <p>Headers that frame a message (Content-Length, Transfer-Encoding, Connection, Keep-Alive) are the listener's, and are
 * left out of those that are handed in.
 */
final class ResponseHead {
    private static final byte[] CONTENT_LENGTH = ascii("content-length: ");
    private static final byte[] CHUNKED = ascii("transfer-encoding: chunked\r\n");
    private static final byte[] CLOSE = ascii("connection: close\r\n");
    private static final byte[] KEEP_ALIVE = ascii("connection: keep-alive\r\n");
    // RFC 9110, section 5.6.7: two digits for the day, which RFC_1123_DATE_TIME does not give.
    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern(
                    "'date: 'EEE, dd MMM uuuu HH:mm:ss 'GMT\r\n'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private final byte[][] statusLines = new byte[1000][];
    private byte[] date = {};
    private byte[] bytes = new byte[1024];
    private int length;

    /** Sets the time that heads name from now on. */
    void date(Instant now) {
        date = ascii(DATE.format(now));
    }

    /** Refuses what cannot be the status of an answer; those that no standard knows can. */
    static void check(int status) {
        if (status < 200 || status > 999) {
            throw new IllegalArgumentException("not the status of an answer: " + status);
        }
    }

    ResponseHead begin(int status, HttpHeaders headers) {
        length = 0;
        put(statusLine(status));
        boolean dated = false;
        Iterator<Map.Entry<CharSequence, CharSequence>> entries = headers.iteratorCharSequence();
        while (entries.hasNext()) {
            Map.Entry<CharSequence, CharSequence> entry = entries.next();
            CharSequence name = entry.getKey();
            if (isFraming(name)) {
                continue;
            }
            dated |= name.length() == 4 && AsciiString.contentEqualsIgnoreCase("date", name);
            put(name);
            put((byte) ':');
            put((byte) ' ');
            put(entry.getValue());
            endOfLine();
        }
        if (!dated) {
            put(date);
        }
        return this;
    }

    ResponseHead contentLength(int value) {
        put(CONTENT_LENGTH);
        put(Integer.toString(value));
        endOfLine();
        return this;
    }

    ResponseHead chunked() {
        put(CHUNKED);
        return this;
    }

    ResponseHead close() {
        put(CLOSE);
        return this;
    }

    ResponseHead keepAlive() {
        put(KEEP_ALIVE);
        return this;
    }

    ResponseHead end() {
        endOfLine();
        return this;
    }

    int length() {
        return length;
    }

    void writeTo(ByteBuf buffer) {
        buffer.writeBytes(bytes, 0, length);
    }

    private byte[] statusLine(int status) {
        byte[] line = statusLines[status];
        if (line == null) {
            line = ascii("HTTP/1.1 " + status + ' '
                    + HttpResponseStatus.valueOf(status).reasonPhrase() + "\r\n");
            statusLines[status] = line;
        }
        return line;
    }

    private static boolean isFraming(CharSequence name) {
        return switch (name.length()) {
            case 10 ->
                AsciiString.contentEqualsIgnoreCase("connection", name)
                        || AsciiString.contentEqualsIgnoreCase("keep-alive", name);
            case 14 -> AsciiString.contentEqualsIgnoreCase("content-length", name);
            case 17 -> AsciiString.contentEqualsIgnoreCase("transfer-encoding", name);
            default -> false;
        };
    }

    private void put(CharSequence text) {
        int count = text.length();
        ensure(count);
        if (text instanceof String string) {
            copyLatin(string, count);
        } else if (text instanceof AsciiString string) {
            string.copy(0, bytes, length, count);
        } else {
            copyLatin(text.toString(), count);
        }
        // Headers that are handed in are not validated; nothing of them may end a line early.
        int end = length + count;
        for (int i = length; i < end; i++) {
            byte value = bytes[i];
            if (value == '\r' || value == '\n' || value == 0) {
                bytes[i] = ' ';
            }
        }
        length = end;
    }

    // Deprecated for dropping the high bytes of characters; header bytes came in as Latin-1, so there are none, and the
    // other ways of getting at a string's bytes allocate.
    @SuppressWarnings("deprecation")
    private void copyLatin(String text, int count) {
        text.getBytes(0, count, bytes, length);
    }

    private void put(byte[] text) {
        ensure(text.length);
        System.arraycopy(text, 0, bytes, length, text.length);
        length += text.length;
    }

    private void put(byte value) {
        ensure(1);
        bytes[length++] = value;
    }

    private void endOfLine() {
        ensure(2);
        bytes[length++] = '\r';
        bytes[length++] = '\n';
    }

    private void ensure(int more) {
        if (bytes.length - length < more) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
