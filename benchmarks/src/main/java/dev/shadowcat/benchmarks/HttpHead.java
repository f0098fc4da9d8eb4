package dev.shadowcat.benchmarks;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The few facts of an HTTP/1.1 head that a benchmark needs. One object per connection, overwritten by each head. Headers are
 * told apart by the length and first letter of their names: enough between peers that this project runs itself, and several
 * times cheaper than a real parser.
 */
final class HttpHead {
    private static final byte LINE_FEED = '\n';

    /** The status of a response. */
    int status;

    /** The first letter of a request's method. */
    char method;

    /** The target of a request, but {@code /mcp} for every target that begins so. */
    String target = "";

    /** The declared length of the body in bytes, or -1. */
    int contentLength;

    boolean chunked;
    boolean eventStream;

    @Nullable
    String sessionId;

    /** Reads a whole head from the reader index on, without moving it: the index after the head, or -1 while it is incomplete. */
    int read(ByteBuf in, boolean request) {
        contentLength = -1;
        chunked = false;
        eventStream = false;
        sessionId = null;
        int end = in.writerIndex();
        int newline = in.indexOf(in.readerIndex(), end, LINE_FEED);
        if (newline < 0) {
            return -1;
        }
        if (request) {
            requestLine(in, in.readerIndex(), newline);
        } else {
            status = number(in, in.readerIndex() + 9, newline);
        }
        while (true) {
            int start = newline + 1;
            newline = in.indexOf(start, end, LINE_FEED);
            if (newline < 0) {
                return -1;
            }
            if (newline - start <= 1) {
                return newline + 1;
            }
            header(in, start, newline);
        }
    }

    private void requestLine(ByteBuf in, int start, int newline) {
        method = (char) in.getByte(start);
        int from = in.indexOf(start, newline, (byte) ' ') + 1;
        if (in.getByte(from + 1) == 'm') {
            target = "/mcp";
            return;
        }
        int to = in.indexOf(from, newline, (byte) ' ');
        target = in.toString(from, to - from, StandardCharsets.US_ASCII);
    }

    private void header(ByteBuf in, int start, int newline) {
        int colon = in.indexOf(start, newline, (byte) ':');
        if (colon < 0) {
            return;
        }
        int value = colon + 1;
        while (value < newline && in.getByte(value) == ' ') {
            value++;
        }
        int first = in.getByte(start) | 0x20;
        switch (colon - start) {
            case 12 -> eventStream |= first == 'c' && in.getByte(value) == 't';
            case 14 -> {
                if (first == 'c') {
                    contentLength = number(in, value, newline);
                } else if (first == 'm') {
                    sessionId = in.toString(value, newline - 1 - value, StandardCharsets.US_ASCII);
                }
            }
            case 17 -> chunked |= first == 't';
            default -> {}
        }
    }

    private static int number(ByteBuf in, int from, int to) {
        int number = 0;
        for (int index = from; index < to; index++) {
            int digit = in.getByte(index) - '0';
            if (digit < 0 || digit > 9) {
                break;
            }
            number = number * 10 + digit;
        }
        return number;
    }
}
