package dev.shadowcat.event;

import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** The session that Shadowcat minted for a client: 128 random bits, written as 22 characters of base64url. */
public record SessionId(long high, long low) implements Comparable<SessionId> {
    public static final int BYTES = 16;
    private static final int TEXT_LENGTH = 22;

    /** Mints a session id. The generator must be cryptographically strong: whoever guesses an id is half way in. */
    public static SessionId mint(RandomGenerator strong) {
        return new SessionId(strong.nextLong(), strong.nextLong());
    }

    /** Reads an id as a client sent it; empty where it is not one of ours. */
    public static Optional<SessionId> parse(String text) {
        if (text.length() != TEXT_LENGTH) {
            return Optional.empty();
        }
        try {
            ByteBuffer bytes = ByteBuffer.wrap(Base64.getUrlDecoder().decode(text));
            SessionId id = new SessionId(bytes.getLong(), bytes.getLong());
            return id.toString().equals(text) ? Optional.of(id) : Optional.empty();
        } catch (IllegalArgumentException malformed) {
            return Optional.empty();
        }
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

    @Override
    public int compareTo(SessionId other) {
        int byHigh = Long.compareUnsigned(high, other.high);
        return byHigh != 0 ? byHigh : Long.compareUnsigned(low, other.low);
    }

    @Override
    public String toString() {
        ByteBuffer bytes = ByteBuffer.allocate(BYTES);
        writeTo(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.array());
    }
}
