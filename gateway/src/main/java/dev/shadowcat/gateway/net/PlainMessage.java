package dev.shadowcat.gateway.net;

import io.netty.buffer.ByteBuf;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads a message of HTTP/1.1 that came whole, in one piece and in the plainest form, as nearly every call and answer does:
 * Netty's decoder took an eighth of a call's time for those. It judges nothing. What has anything unusual about it (another
 * framing than one Content-Length, a line that is folded, a byte that is not printable ASCII, more or less than one message) is
 * not read at all, and is for the decoder to read or refuse. One for each event loop.
 */
public final class PlainMessage {
    private static final byte[] REQUEST = ascii("POST ");
    private static final byte[] REQUEST_END = ascii(" HTTP/1.1\r\n");
    private static final byte[] RESPONSE = ascii("HTTP/1.1 200 ");

    private static final int MAX_LENGTH_DIGITS = 7;
    private static final int MAX_KEPT_NAME = 64;

    /** Of those of RFC 9110, 5.6.2. */
    private static final boolean[] TOKEN = new boolean[256];

    static {
        for (int c = '!'; c <= '~'; c++) {
            TOKEN[c] = "\"(),/:;<=>?@[\\]{}".indexOf(c) < 0;
        }
    }

    private final byte[] bytes;
    private final AsciiString[] names = new AsciiString[256]; // seen before; one for each slot
    private int count; // of the bytes that are read
    private int at; // where reading stands
    private int contentLength;
    private String target = "";
    private HeaderLines headers = new HeaderLines();

    /** @param maxBytes the largest message that is read, head and body; larger ones are not plain */
    public PlainMessage(int maxBytes) {
        bytes = new byte[maxBytes];
        Arrays.fill(names, AsciiString.EMPTY_STRING);
    }

    /** Whether the bytes are one whole POST, and nothing beyond; leaves the buffer as it is. */
    public boolean readRequest(ByteBuf buffer) {
        if (!begin(buffer, REQUEST)) {
            return false;
        }
        int from = at;
        while (at < count && bytes[at] > ' ' && bytes[at] != 0x7F) {
            at++;
        }
        if (at == from || !passes(REQUEST_END)) {
            return false;
        }
        target = latin(from, at - REQUEST_END.length);
        return readHeaders();
    }

    /** Whether the bytes are one whole answer with status 200, and nothing beyond; leaves the buffer as it is. */
    public boolean readResponse(ByteBuf buffer) {
        if (!begin(buffer, RESPONSE)) {
            return false;
        }
        skipText();
        return passesLineEnd() && readHeaders();
    }

    /** The request's target, as it was sent. */
    public String target() {
        return target;
    }

    /** The caller's own. */
    public HeaderLines headers() {
        return headers;
    }

    /** How long the body is, which ends the message. */
    public int bodyLength() {
        return contentLength;
    }

    /** A copy of the body. */
    public byte[] body() {
        return Arrays.copyOfRange(bytes, count - contentLength, count);
    }

    private boolean begin(ByteBuf buffer, byte[] prefix) {
        count = buffer.readableBytes();
        at = 0;
        if (count > bytes.length) {
            return false;
        }
        buffer.getBytes(buffer.readerIndex(), bytes, 0, count);
        return passes(prefix);
    }

    private boolean readHeaders() {
        HeaderLines read = new HeaderLines();
        contentLength = -1;
        while (!passesLineEnd()) {
            AsciiString name = readName();
            if (name == null) {
                return false;
            }
            int from = at;
            skipText();
            int to = at;
            if (!passesLineEnd() || !isPlain(name, from, to)) {
                return false;
            }
            read.add((CharSequence) name, trimmed(from, to));
        }
        headers = read;
        return contentLength >= 0 && count - at == contentLength;
    }

    /** A token and its colon, with nothing between; null where it is something else. */
    private @Nullable AsciiString readName() {
        int from = at;
        while (at < count && TOKEN[bytes[at] & 0xFF]) {
            at++;
        }
        int to = at++;
        return to == from || to == count || bytes[to] != ':' ? null : name(from, to);
    }

    /** The name that its slot holds, as nearly always, or a new one. */
    private AsciiString name(int from, int to) {
        int length = to - from;
        int slot = (bytes[from] * 31 + bytes[to - 1] * 7 + length) & 0xFF;
        AsciiString known = names[slot];
        byte[] same = known.array();
        if (Arrays.equals(same, 0, same.length, bytes, from, to)) {
            return known;
        }
        AsciiString name = new AsciiString(bytes, from, length, true);
        if (length <= MAX_KEPT_NAME) {
            names[slot] = name;
        }
        return name;
    }

    /** Notes the length of the body; false where the message is framed in any other way than by one such number. */
    private boolean isPlain(AsciiString name, int from, int to) {
        return switch (name.length()) {
            case 14 -> !name.contentEqualsIgnoreCase("content-length") || readLength(from, to);
            case 17 -> !name.contentEqualsIgnoreCase("transfer-encoding");
            default -> true;
        };
    }

    private boolean readLength(int from, int to) {
        int first = from;
        while (first < to && bytes[first] == ' ') {
            first++;
        }
        if (contentLength >= 0 || first == to || to - first > MAX_LENGTH_DIGITS) {
            return false;
        }
        int length = 0;
        for (int i = first; i < to; i++) {
            int digit = bytes[i] - '0';
            if (digit < 0 || digit > 9) {
                return false;
            }
            length = length * 10 + digit;
        }
        contentLength = length;
        return true;
    }

    private String trimmed(int from, int to) {
        int first = from;
        int last = to;
        while (first < last && isBlank(bytes[first])) {
            first++;
        }
        while (last > first && isBlank(bytes[last - 1])) {
            last--;
        }
        return latin(first, last);
    }

    private static boolean isBlank(byte value) {
        return value == ' ' || value == '\t';
    }

    /** To the first byte that is neither printable ASCII nor blank. */
    private void skipText() {
        while (at < count && (bytes[at] >= ' ' || bytes[at] == '\t') && bytes[at] != 0x7F) {
            at++;
        }
    }

    private boolean passesLineEnd() {
        if (count - at < 2 || bytes[at] != '\r' || bytes[at + 1] != '\n') {
            return false;
        }
        at += 2;
        return true;
    }

    private boolean passes(byte[] expected) {
        int end = at + expected.length;
        if (end > count || !Arrays.equals(bytes, at, end, expected, 0, expected.length)) {
            return false;
        }
        at = end;
        return true;
    }

    private String latin(int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
