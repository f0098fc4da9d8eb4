package dev.shadowcat.store.format;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes a record's fields, for whichever store, into one reused buffer outside the heap: RocksDB takes them from there. One thread. */
public final class RecordWriter {
    private static final int FIRST_CAPACITY = 16 * 1024;
    /** A larger buffer, left by a large event, is given back after the batch. */
    private static final int KEPT_CAPACITY = 256 * 1024;

    private ByteBuffer buffer = ByteBuffer.allocateDirect(FIRST_CAPACITY);

    public RecordWriter begin(byte version) {
        buffer.clear();
        buffer.put(version);
        return this;
    }

    /** The record, ready to be read; valid until the next {@link #begin}. */
    public ByteBuffer end() {
        return buffer.flip();
    }

    /** The record, in bytes of its own. */
    public byte[] endBytes() {
        ByteBuffer record = end();
        byte[] bytes = new byte[record.remaining()];
        record.get(bytes);
        return bytes;
    }

    public void trim() {
        if (buffer.capacity() > KEPT_CAPACITY) {
            buffer = ByteBuffer.allocateDirect(FIRST_CAPACITY);
        }
    }

    /** Seven bits a byte, the lowest first; a negative number takes ten bytes. */
    public RecordWriter number(long value) {
        ensure(10);
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            buffer.put((byte) ((rest & 0x7F) | 0x80));
            rest >>>= 7;
        }
        buffer.put((byte) rest);
        return this;
    }

    public RecordWriter flag(boolean value) {
        return number(value ? 1 : 0);
    }

    public RecordWriter text(String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        return number(bytes.length).rest(bytes);
    }

    /** A length of 0 is null; any other is one more than the text's. */
    public RecordWriter optionalText(@Nullable String value) {
        if (value == null) {
            return number(0);
        }
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        return number(bytes.length + 1L).rest(bytes);
    }

    public RecordWriter texts(List<String> values) {
        number(values.size());
        values.forEach(this::text);
        return this;
    }

    /** Bytes without their length: the last field of a record. */
    public RecordWriter rest(byte[] bytes) {
        ensure(bytes.length);
        buffer.put(bytes);
        return this;
    }

    private void ensure(int more) {
        if (buffer.remaining() >= more) {
            return;
        }
        int needed = Math.addExact(buffer.position(), more);
        ByteBuffer larger = ByteBuffer.allocateDirect(Math.max(needed, buffer.capacity() * 2));
        buffer = larger.put(buffer.flip());
    }
}
