package dev.shadowcat.gateway.relay;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/** The bytes of a plain answer so far. Most answers come in one piece, which is then copied once. One loop only. */
final class CollectedBody {
    private static final byte[] NONE = {};

    private byte[] bytes = NONE;
    private int length;

    int length() {
        return length;
    }

    /** Copies what can be read; the buffer stays the caller's, and as it was. */
    void add(ByteBuf more) {
        int count = more.readableBytes();
        if (bytes.length - length < count) {
            // The first piece exactly; from the second on with room to spare, so that many pieces are not copied each
            // time.
            bytes = Arrays.copyOf(bytes, length == 0 ? count : Math.max(length + count, bytes.length * 2));
        }
        more.getBytes(more.readerIndex(), bytes, length, count);
        length += count;
    }

    /** All of it; nothing may be added afterwards. */
    byte[] take() {
        return length == bytes.length ? bytes : Arrays.copyOf(bytes, length);
    }
}
