package dev.shadowcat.sse;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Finds the ends of lines, eight bytes at a time. */
final class LineScanner {
    private static final VarHandle ARRAY = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle BUFFER =
            MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101010101010101L;
    private static final long HIGH_BITS = 0x8080808080808080L;
    private static final long LF = ONES * '\n';
    private static final long CR = ONES * '\r';

    private LineScanner() {}

    /** The index of the first CR or LF; {@code end} where there is none. */
    static int lineEnd(ByteBuffer bytes, int from, int end) {
        int i = from;
        for (; end - i >= Long.BYTES; i += Long.BYTES) {
            long found = ends((long) BUFFER.get(bytes, i));
            if (found != 0) {
                return i + (Long.numberOfTrailingZeros(found) >>> 3);
            }
        }
        for (; i < end; i++) {
            if (bytes.get(i) == '\n' || bytes.get(i) == '\r') {
                return i;
            }
        }
        return end;
    }

    /** The index of the first CR or LF; {@code end} where there is none. */
    static int lineEnd(byte[] bytes, int from, int end) {
        int i = from;
        for (; end - i >= Long.BYTES; i += Long.BYTES) {
            long found = ends((long) ARRAY.get(bytes, i));
            if (found != 0) {
                return i + (Long.numberOfTrailingZeros(found) >>> 3);
            }
        }
        for (; i < end; i++) {
            if (bytes[i] == '\n' || bytes[i] == '\r') {
                return i;
            }
        }
        return end;
    }

    /** A high bit at each byte that is CR or LF; the lowest one is exact, which is all that is asked. */
    private static long ends(long eight) {
        return zeros(eight ^ LF) | zeros(eight ^ CR);
    }

    private static long zeros(long eight) {
        return (eight - ONES) & ~eight & HIGH_BITS;
    }
}
