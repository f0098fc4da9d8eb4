package dev.shadowcat.benchmarks;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/** Looks for members of small JSON texts without parsing them; right for the texts that the benchmarks themselves write. */
final class Scan {
    static final long ABSENT = Long.MIN_VALUE;

    private Scan() {}

    /** A key as it stands in compact JSON: quoted, with its colon. */
    static byte[] key(String name) {
        return ("\"" + name + "\":").getBytes(StandardCharsets.US_ASCII);
    }

    /** The index after the first occurrence of {@code what}, or -1. */
    static int after(ByteBuf bytes, int index, int length, byte[] what) {
        int last = index + length - what.length;
        byte first = what[0];
        int at = index;
        while (at <= last) {
            at = bytes.indexOf(at, last + 1, first);
            if (at < 0) {
                return -1;
            }
            int matched = 1;
            while (matched < what.length && bytes.getByte(at + matched) == what[matched]) {
                matched++;
            }
            if (matched == what.length) {
                return at + matched;
            }
            at++;
        }
        return -1;
    }

    /** The whole number that follows a key, or {@link #ABSENT}. */
    static long number(ByteBuf bytes, int index, int length, byte[] key) {
        int at = after(bytes, index, length, key);
        if (at < 0) {
            return ABSENT;
        }
        int end = index + length;
        boolean negative = at < end && bytes.getByte(at) == '-';
        if (negative) {
            at++;
        }
        long number = 0;
        int digits = 0;
        for (; at < end; at++, digits++) {
            int digit = bytes.getByte(at) - '0';
            if (digit < 0 || digit > 9) {
                break;
            }
            number = number * 10 + digit;
        }
        if (digits == 0) {
            return ABSENT;
        }
        return negative ? -number : number;
    }
}
