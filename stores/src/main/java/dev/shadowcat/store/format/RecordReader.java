package dev.shadowcat.store.format;

import dev.shadowcat.store.StoreException;
import java.nio.BufferUnderflowException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the fields that {@link RecordWriter} wrote. */
public final class RecordReader {
    private final byte[] bytes;
    private final int end;
    private final byte version;
    private int position;

    /** @throws StoreException if the record was written in a newer format than {@code newest} */
    RecordReader(String what, byte newest, byte[] bytes, int length) {
        this.bytes = bytes;
        this.end = length;
        version = next();
        if (version < 1 || version > newest) {
            throw new StoreException(
                    "the store holds a " + what + " in format " + version
                            + ", but this version of Shadowcat reads up to " + newest
                            + ": use the version that wrote it, or a newer one",
                    null);
        }
    }

    /** The format that it was written in. */
    public byte version() {
        return version;
    }

    public long number() {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE; shift += 7) {
            byte next = next();
            value |= (next & 0x7FL) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw new BufferUnderflowException();
    }

    public int smallNumber() {
        return Math.toIntExact(number());
    }

    public boolean flag() {
        return number() != 0;
    }

    public String text() {
        return text(smallNumber());
    }

    public @Nullable String optionalText() {
        int lengthAndOne = smallNumber();
        return lengthAndOne == 0 ? null : text(lengthAndOne - 1);
    }

    public List<String> texts() {
        int count = smallNumber();
        List<String> values = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            values.add(text());
        }
        return values;
    }

    public byte[] rest() {
        byte[] rest = new byte[end - position];
        System.arraycopy(bytes, position, rest, 0, rest.length);
        position = end;
        return rest;
    }

    private String text(int length) {
        if (length < 0 || length > end - position) {
            throw new BufferUnderflowException();
        }
        String text = new String(bytes, position, length, StandardCharsets.UTF_8);
        position += length;
        return text;
    }

    private byte next() {
        if (position >= end) {
            throw new BufferUnderflowException();
        }
        return bytes[position++];
    }
}
