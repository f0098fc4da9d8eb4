package dev.shadowcat.benchmarks;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/** Finds the data lines of an SSE stream (LF or CRLF, one data line per event) and counts comments. Not for several threads. */
final class SseLines {
    /** Is told of the lines that matter. */
    interface Sink {
        /** A data line with content: {@code length} bytes at {@code index}, valid during the call. */
        void data(ByteBuf bytes, int index, int length);

        /** A comment line, such as a heartbeat. */
        default void comment() {}
    }

    private static final byte LINE_FEED = '\n';

    private final Sink sink;
    private @Nullable ByteBuf partial;

    SseLines(Sink sink) {
        this.sink = sink;
    }

    void read(ByteBuf bytes, int index, int length) {
        int end = index + length;
        int start = index;
        while (start < end) {
            int newline = bytes.indexOf(start, end, LINE_FEED);
            if (newline < 0) {
                keep(bytes, start, end - start);
                return;
            }
            if (partial == null) {
                line(bytes, start, newline);
            } else {
                keep(bytes, start, newline - start);
                ByteBuf whole = partial;
                partial = null;
                line(whole, 0, whole.writerIndex());
                whole.release();
            }
            start = newline + 1;
        }
    }

    private void keep(ByteBuf bytes, int index, int length) {
        if (partial == null) {
            partial = Unpooled.buffer(Math.max(512, length));
        }
        partial.writeBytes(bytes, index, length);
    }

    private void line(ByteBuf bytes, int start, int end) {
        int length = end - start;
        if (length > 0 && bytes.getByte(end - 1) == '\r') {
            length--;
        }
        if (length == 0) {
            return;
        }
        byte first = bytes.getByte(start);
        if (first == ':') {
            sink.comment();
            return;
        }
        if (first != 'd' || length < 6 || bytes.getByte(start + 4) != ':') {
            return;
        }
        int skip = bytes.getByte(start + 5) == ' ' ? 6 : 5;
        if (length > skip) {
            sink.data(bytes, start + skip, length - skip);
        }
    }
}
