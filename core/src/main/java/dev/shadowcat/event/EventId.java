package dev.shadowcat.event;

import java.util.Optional;

/**
 * The name of one event in its session: {@code <stream>-<sequence>}, both base 36.
 *
 * @param stream the stream's number; 0 is the standalone stream
 * @param sequence rises strictly within the stream, from 1; 0 names the place before the first event (a priming id)
 */
public record EventId(int stream, long sequence) {
    private static final int RADIX = 36;

    public EventId {
        if (stream < 0 || sequence < 0) {
            throw new IllegalArgumentException("event id: must not be negative, but was " + stream + "-" + sequence);
        }
    }

    /** Reads a cursor as a client sent it; empty where it is malformed. Only the form that we write is taken. */
    public static Optional<EventId> parse(String text) {
        int dash = text.indexOf('-');
        if (dash < 1 || dash > 6 || text.length() - dash < 2 || text.length() - dash > 14) {
            return Optional.empty();
        }
        try {
            EventId id = new EventId(
                    Integer.parseInt(text.substring(0, dash), RADIX), Long.parseLong(text.substring(dash + 1), RADIX));
            return id.toString().equals(text) ? Optional.of(id) : Optional.empty();
        } catch (IllegalArgumentException malformed) {
            return Optional.empty();
        }
    }

    @Override
    public String toString() {
        return Integer.toString(stream, RADIX) + "-" + Long.toString(sequence, RADIX);
    }
}
