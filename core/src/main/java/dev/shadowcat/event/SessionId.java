package dev.shadowcat.event;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** The session that Shadowcat minted for a client: 128 random bits, written as 22 characters of base64url. */
public record SessionId(long high, long low) implements Comparable<SessionId> {
    public static final int BYTES = 16;
    private static final int TEXT_LENGTH = 22;
    private static final int DASH = 62;
    // RFC 4648, section 5.
    private static final byte[] ALPHABET =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".getBytes(StandardCharsets.ISO_8859_1);

    /** Mints a session id. The generator must be cryptographically strong: whoever guesses an id is half way in. */
    public static SessionId mint(RandomGenerator strong) {
        long high = strong.nextLong();
        // An id that begins with '-' would be taken for a flag by every command line that it is pasted into.
        while (high >>> (Long.SIZE - 6) == DASH) {
            high = strong.nextLong();
        }
        return new SessionId(high, strong.nextLong());
    }

    /** Reads an id as a client sent it; empty where it is not one of ours. */
    public static Optional<SessionId> parse(String text) {
        if (text.length() != TEXT_LENGTH) {
            return Optional.empty();
        }
        // 22 characters are 132 bits; the last 4 belong to no byte, and there is one way to write an id: with zeros.
        long high = 0;
        long low = 0;
        for (int i = 0; i < TEXT_LENGTH; i++) {
            int six = sixBits(text.charAt(i));
            boolean last = i == TEXT_LENGTH - 1;
            if (six < 0 || (last && (six & 0xf) != 0)) {
                return Optional.empty();
            }
            int bits = last ? 2 : 6;
            high = high << bits | low >>> (Long.SIZE - bits);
            low = low << bits | six >>> (6 - bits);
        }
        return Optional.of(new SessionId(high, low));
    }

    /** What a character of base64url stands for (RFC 4648, section 5); -1 where it is none. */
    private static int sixBits(char c) {
        if (c >= 'A' && c <= 'Z') {
            return c - 'A';
        }
        if (c >= 'a' && c <= 'z') {
            return c - 'a' + 26;
        }
        if (c >= '0' && c <= '9') {
            return c - '0' + 52;
        }
        return c == '-' ? DASH : c == '_' ? 63 : -1;
    }

    /** Reads an id from its 16 big-endian bytes. */
    public static SessionId from(ByteBuffer bytes) {
        return new SessionId(bytes.getLong(), bytes.getLong());
    }

    /** Writes the 16 big-endian bytes: the order of the bytes is the order of {@link #compareTo}. */
    public void writeTo(ByteBuffer bytes) {
        bytes.putLong(high).putLong(low);
    }

    /** The first characters of the id, for logs: enough to follow a session, too little to use it. */
    public String shortened() {
        return toString().substring(0, 6) + "…";
    }

    /** Written by hand: a record's own is linked by method handles at its first call, which the first client waits for. */
    @Override
    public boolean equals(Object other) {
        return other instanceof SessionId(long itsHigh, long itsLow) && high == itsHigh && low == itsLow;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(high ^ low);
    }

    @Override
    public int compareTo(SessionId other) {
        int byHigh = Long.compareUnsigned(high, other.high);
        return byHigh != 0 ? byHigh : Long.compareUnsigned(low, other.low);
    }

    @Override
    public String toString() {
        byte[] text = new byte[TEXT_LENGTH];
        long front = high;
        long behind = low;
        for (int i = 0; i < TEXT_LENGTH; i++) {
            text[i] = ALPHABET[(int) (front >>> (Long.SIZE - 6))];
            front = front << 6 | behind >>> (Long.SIZE - 6);
            behind <<= 6;
        }
        return new String(text, StandardCharsets.ISO_8859_1);
    }
}
