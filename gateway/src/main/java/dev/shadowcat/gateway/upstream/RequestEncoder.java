package dev.shadowcat.gateway.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.util.AsciiString;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;

/**
 * Puts a request into bytes. Written by hand rather than by Netty's encoder, so that head and body are one buffer, the
 * framing headers are nobody's but ours, and no value can break a line. Not thread-safe: one for each event loop.
 */
final class RequestEncoder {
    /** A body up to this size is copied behind its head; a heap body always, as the socket would copy it anyway. */
    private static final int COPIED_BODY_BYTES = 4096;

    private static final byte[] VERSION = " HTTP/1.1\r\nHost: ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] CONTENT_LENGTH = "Content-Length: ".getBytes(StandardCharsets.US_ASCII);

    private final byte[] authority;
    private byte[] bytes = new byte[2048];
    private int length;

    RequestEncoder(String authority) {
        this.authority = authority.getBytes(StandardCharsets.US_ASCII);
    }

    static boolean copiesBody(ByteBuf body) {
        return !body.isDirect() || body.readableBytes() <= COPIED_BODY_BYTES;
    }

    /**
     * The request's head, with its body behind it where {@link #copiesBody}. The body is not released.
     *
     * @throws IllegalArgumentException when the target or a header's name cannot be sent as HTTP
     */
    ByteBuf encode(UpstreamRequest request, ByteBufAllocator allocator) {
        ByteBuf body = request.body();
        length = 0;
        token(request.method().name(), "method");
        ensure(1);
        bytes[length++] = ' ';
        target(request.target());
        append(VERSION);
        append(authority);
        endLine();
        Iterator<Map.Entry<CharSequence, CharSequence>> headers =
                request.headers().iteratorCharSequence();
        while (headers.hasNext()) {
            Map.Entry<CharSequence, CharSequence> header = headers.next();
            if (!isOurs(header.getKey())) {
                header(header.getKey(), header.getValue());
            }
        }
        if (body.isReadable() || takesBody(request.method())) {
            append(CONTENT_LENGTH);
            append(Integer.toString(body.readableBytes()).getBytes(StandardCharsets.US_ASCII));
            endLine();
        }
        endLine();
        boolean copied = copiesBody(body);
        ByteBuf encoded = allocator.directBuffer(length + (copied ? body.readableBytes() : 0));
        encoded.writeBytes(bytes, 0, length);
        if (copied) {
            encoded.writeBytes(body, body.readerIndex(), body.readableBytes());
        }
        return encoded;
    }

    private void header(CharSequence name, CharSequence value) {
        token(name, "header name");
        ensure(2);
        bytes[length++] = ':';
        bytes[length++] = ' ';
        int begin = length;
        text(value, StandardCharsets.ISO_8859_1);
        for (int i = begin; i < length; i++) {
            byte octet = bytes[i];
            // RFC 9110, 5.5: CR, LF and NUL are refused or become a space, lest a value grow into a line of its own.
            if ((octet >= 0 && octet < ' ' && octet != '\t') || octet == 0x7F) {
                bytes[i] = ' ';
            }
        }
        endLine();
    }

    private void token(CharSequence token, String what) {
        if (token.isEmpty()) {
            throw new IllegalArgumentException("empty " + what);
        }
        int begin = length;
        text(token, StandardCharsets.UTF_8);
        for (int i = begin; i < length; i++) {
            byte octet = bytes[i];
            if (octet <= ' ' || octet == 0x7F || octet == ':') {
                throw new IllegalArgumentException("not a " + what + ": " + token.length() + " characters");
            }
        }
    }

    /** Copies a whole run, not character by character; in UTF-8 whatever is not ASCII is negative, and so refused. */
    private void text(CharSequence text, Charset charset) {
        if (text instanceof AsciiString ascii) {
            ensure(ascii.length());
            System.arraycopy(ascii.array(), ascii.arrayOffset(), bytes, length, ascii.length());
            length += ascii.length();
            return;
        }
        append(text.toString().getBytes(charset));
    }

    private void target(String target) {
        if (target.isEmpty()) {
            throw new IllegalArgumentException("empty target");
        }
        int begin = length;
        text(target, StandardCharsets.UTF_8);
        for (int i = begin; i < length; i++) {
            if (bytes[i] <= ' ' || bytes[i] == 0x7F) {
                throw new IllegalArgumentException("target holds a character that must be percent-encoded");
            }
        }
    }

    private void append(byte[] more) {
        ensure(more.length);
        System.arraycopy(more, 0, bytes, length, more.length);
        length += more.length;
    }

    private void endLine() {
        ensure(2);
        bytes[length++] = '\r';
        bytes[length++] = '\n';
    }

    private void ensure(int more) {
        if (bytes.length - length < more) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
        }
    }

    private static boolean takesBody(HttpMethod method) {
        return method.equals(HttpMethod.POST) || method.equals(HttpMethod.PUT) || method.equals(HttpMethod.PATCH);
    }

    /** Whether a header speaks of this connection or of framing, which a client's word must never decide. */
    private static boolean isOurs(CharSequence name) {
        return switch (name.length()) {
            case 2 -> AsciiString.contentEqualsIgnoreCase(name, "te");
            case 4 -> AsciiString.contentEqualsIgnoreCase(name, "host");
            case 6 -> AsciiString.contentEqualsIgnoreCase(name, "expect");
            case 7 ->
                AsciiString.contentEqualsIgnoreCase(name, "upgrade")
                        || AsciiString.contentEqualsIgnoreCase(name, "trailer");
            case 10 ->
                AsciiString.contentEqualsIgnoreCase(name, "connection")
                        || AsciiString.contentEqualsIgnoreCase(name, "keep-alive");
            case 14 -> AsciiString.contentEqualsIgnoreCase(name, "content-length");
            case 16 -> AsciiString.contentEqualsIgnoreCase(name, "proxy-connection");
            case 17 -> AsciiString.contentEqualsIgnoreCase(name, "transfer-encoding");
            default -> false;
        };
    }
}
