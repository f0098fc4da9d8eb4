package dev.shadowcat.benchmarks;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Random;

/** The bytes that the upstream sends. Not for several threads. */
final class UpstreamAnswers {
    /** Events of one SSE answer, the result included. */
    static final int EVENTS = 10;

    private static final int EVENT_BYTES = 300;
    private static final int LAST_DIGITS = 1 << 16;
    private static final ByteBuf JSON_HEAD =
            constant("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ");
    private static final ByteBuf HEAD_END = constant("\r\n\r\n");
    private static final ByteBuf ACCEPTED = constant("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
    private static final ByteBuf NOT_FOUND = constant("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    private static final ByteBuf SSE_HEAD = constant(String.join(
            "\r\n",
            "HTTP/1.1 200 OK",
            "Content-Type: text/event-stream",
            "Cache-Control: no-cache",
            "Transfer-Encoding: chunked",
            "",
            ""));
    private static final ByteBuf OPENED = constant("8\r\n: open\n\n\r\n");
    private static final ByteBuf LAST_CHUNK = constant("0\r\n\r\n");
    private static final ByteBuf RESULT_HEAD = constant("{\"jsonrpc\":\"2.0\",\"id\":");
    private static final ByteBuf ECHO_RESULT =
            constant(",\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"hello\"}]}}");
    private static final ByteBuf EMPTY_RESULT = constant(",\"result\":{}}");
    private static final ByteBuf NOTIFICATION_HEAD = constant(
            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"info\",\"data\":{\"n\":");
    private static final ByteBuf EVENT_HEAD = constant("event: message\nid: ");
    private static final ByteBuf DATA = constant("\ndata: ");
    private static final ByteBuf PADDING = padding();

    private UpstreamAnswers() {}

    static ByteBuf accepted() {
        return ACCEPTED.retainedDuplicate();
    }

    static ByteBuf notFound() {
        return NOT_FOUND.retainedDuplicate();
    }

    static ByteBuf json(ByteBufAllocator allocator, String text, String extraHeaders) {
        ByteBuf out = allocator.buffer(256 + text.length());
        add(out, JSON_HEAD);
        decimal(out, text.length());
        ascii(out, extraHeaders);
        add(out, HEAD_END);
        ascii(out, text);
        return out;
    }

    static ByteBuf initialized(ByteBufAllocator allocator, String requestId, String version, String sessionId) {
        return json(
                allocator,
                "{\"jsonrpc\":\"2.0\",\"id\":" + requestId + ",\"result\":{\"protocolVersion\":\"" + version
                        + "\",\"capabilities\":{\"tools\":{},\"logging\":{}},"
                        + "\"serverInfo\":{\"name\":\"fast-upstream\",\"version\":\"1\"}}}",
                "\r\nMcp-Session-Id: " + sessionId);
    }

    static ByteBuf echo(ByteBufAllocator allocator, ByteBuf request, int idIndex, int idLength) {
        return result(allocator, request, idIndex, idLength, ECHO_RESULT);
    }

    static ByteBuf empty(ByteBufAllocator allocator, ByteBuf request, int idIndex, int idLength) {
        return result(allocator, request, idIndex, idLength, EMPTY_RESULT);
    }

    private static ByteBuf result(
            ByteBufAllocator allocator, ByteBuf request, int idIndex, int idLength, ByteBuf tail) {
        ByteBuf out = allocator.buffer(256);
        add(out, JSON_HEAD);
        decimal(out, RESULT_HEAD.readableBytes() + idLength + tail.readableBytes());
        add(out, HEAD_END);
        add(out, RESULT_HEAD);
        out.writeBytes(request, idIndex, idLength);
        add(out, tail);
        return out;
    }

    /** A whole SSE answer: nine notifications and the result, each a chunk of its own, all sent at once. */
    static ByteBuf events(ByteBufAllocator allocator, ByteBuf request, int idIndex, int idLength, int answer) {
        ByteBuf out = allocator.buffer(EVENTS * (EVENT_BYTES + 64));
        add(out, SSE_HEAD);
        for (int event = 1; event <= EVENTS; event++) {
            int size = beginChunk(out);
            add(out, EVENT_HEAD);
            decimal(out, answer);
            out.writeByte('_');
            decimal(out, event);
            add(out, DATA);
            if (event < EVENTS) {
                notification(out, event, answer, EVENT_BYTES);
            } else {
                add(out, RESULT_HEAD);
                out.writeBytes(request, idIndex, idLength);
                add(out, ECHO_RESULT);
            }
            out.writeByte('\n').writeByte('\n');
            endChunk(out, size);
        }
        add(out, LAST_CHUNK);
        return out;
    }

    /** The head of a standalone stream, with a first comment. */
    static ByteBuf stream(ByteBufAllocator allocator) {
        ByteBuf out = allocator.buffer(256);
        add(out, SSE_HEAD);
        add(out, OPENED);
        return out;
    }

    /** One event of a standalone stream as a chunk: number, time of its write, padding up to {@code bytes} of message. */
    static ByteBuf emittedEvent(ByteBufAllocator allocator, long number, long nanoTime, int bytes) {
        ByteBuf out = allocator.buffer(bytes + 96);
        int size = beginChunk(out);
        add(out, EVENT_HEAD);
        decimal(out, number);
        add(out, DATA);
        notification(out, number, nanoTime, bytes);
        out.writeByte('\n').writeByte('\n');
        endChunk(out, size);
        return out;
    }

    private static void notification(ByteBuf out, long number, long time, int bytes) {
        int start = out.writerIndex();
        add(out, NOTIFICATION_HEAD);
        decimal(out, number);
        ascii(out, ",\"t\":");
        decimal(out, time);
        ascii(out, ",\"pad\":\"");
        int missing = bytes - (out.writerIndex() - start) - 4;
        if (missing > 0) {
            // Another stretch of random text for each event, so that no store compresses what real payloads would not
            // let it.
            int from = (int) ((number * 0x9E3779B97F4A7C15L + time) >>> 40) & (LAST_DIGITS - 1);
            out.writeBytes(PADDING, from, Math.min(missing, PADDING.capacity() - from));
        }
        ascii(out, "\"}}}");
    }

    /** Leaves room for a chunk's size, three hexadecimal digits: enough for 4,095 bytes. */
    private static int beginChunk(ByteBuf out) {
        int index = out.writerIndex();
        ascii(out, "000\r\n");
        return index;
    }

    private static void endChunk(ByteBuf out, int sizeIndex) {
        int size = out.writerIndex() - sizeIndex - 5;
        if (size > 0xFFF) {
            throw new IllegalArgumentException("event of " + size + " bytes: at most 4095");
        }
        for (int digit = 2; digit >= 0; digit--) {
            out.setByte(sizeIndex + 2 - digit, Character.forDigit(size >>> (4 * digit) & 0xF, 16));
        }
        out.writeByte('\r').writeByte('\n');
    }

    private static void add(ByteBuf out, ByteBuf constant) {
        out.writeBytes(constant, 0, constant.writerIndex());
    }

    private static void ascii(ByteBuf out, String text) {
        ByteBufUtil.writeAscii(out, text);
    }

    private static void decimal(ByteBuf out, long number) {
        long limit = 10;
        int digits = 1;
        while (digits < 19 && number >= limit) {
            digits++;
            limit *= 10;
        }
        int index = out.writerIndex();
        out.ensureWritable(digits).writerIndex(index + digits);
        long left = number;
        for (int at = index + digits - 1; at >= index; at--) {
            out.setByte(at, (byte) ('0' + left % 10));
            left /= 10;
        }
    }

    private static ByteBuf constant(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        return Unpooled.unreleasableBuffer(
                Unpooled.directBuffer(bytes.length).writeBytes(bytes).asReadOnly());
    }

    private static ByteBuf padding() {
        byte[] random = new byte[2 * LAST_DIGITS];
        new Random(1).nextBytes(random);
        return constant(Base64.getUrlEncoder().withoutPadding().encodeToString(random));
    }
}
