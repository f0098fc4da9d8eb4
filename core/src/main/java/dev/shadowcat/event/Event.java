package dev.shadowcat.event;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One event of a stream as it is stored and sent: a number and one JSON-RPC message.
 *
 * @param sequence its number in the stream, from 1
 * @param storedAtMillis wall-clock time of its recording, in milliseconds since the epoch
 * @param generation the upstream session's generation that it came from
 * @param answer whether it answers a request of the stream for good (result or error): retention keeps it as long as the stream
 * @param upstreamId the upstream's last event id as of this event, null where the upstream gives none
 * @param message the JSON-RPC message, UTF-8; never changed after construction; a {@link #gap} has {@link GapIds} there
 */
@SuppressWarnings("ArrayRecordComponent") // identity is enough: events are told apart by their number
public record Event(
        long sequence,
        long storedAtMillis,
        int generation,
        boolean answer,
        @Nullable String upstreamId,
        byte[] message) {
    /** What an event costs in a queue or a batch beyond its message, in bytes. */
    public static final int OVERHEAD_BYTES = 64;

    public Event {
        if (sequence < 1) {
            throw new IllegalArgumentException("event sequence: must be at least 1, but was " + sequence);
        }
    }

    /**
     * A gap: these events were given numbers, and will never be stored.
     *
     * @param events at least one, in their order; gaps among them are part of this one
     */
    public static Event gapOf(List<Event> events) {
        Event last = events.getLast();
        return new Event(
                last.sequence(),
                last.storedAtMillis(),
                last.generation(),
                false,
                last.upstreamId(),
                GapIds.message(events));
    }

    /** A gap of which nobody knows what it stands for; its upstream's cursor is where it was. */
    public static Event gapOfUnknown(long sequence, long nowMillis, int generation) {
        return new Event(sequence, nowMillis, generation, false, null, GapIds.UNKNOWN.clone());
    }

    /** Whether it stands for events that were never stored, the one of this number included; it has no message of its own. */
    public boolean gap() {
        return message.length == 0 || GapIds.begins(message[0]);
    }

    /** Size as it counts against queues, batches and retention, in bytes. */
    public int bytes() {
        return message.length + (upstreamId == null ? 0 : upstreamId.length()) + OVERHEAD_BYTES;
    }
}
