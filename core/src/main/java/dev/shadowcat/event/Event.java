package dev.shadowcat.event;

import org.jspecify.annotations.Nullable;

/**
 * One event of a stream as it is stored and sent: a number and one JSON-RPC message.
 *
 * @param sequence its number in the stream, from 1
 * @param storedAtMillis wall-clock time of its recording, in milliseconds since the epoch
 * @param generation the upstream session's generation that it came from
 * @param answer whether it answers a request of the stream for good (result or error): retention keeps it as long as the stream
 * @param upstreamId the upstream's last event id as of this event, null where the upstream gives none
 * @param message the JSON-RPC message, UTF-8; never changed after construction; empty for a {@link #gap}
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
     * A gap: events up to and including this number were given numbers, and will never be stored.
     *
     * @param last the last of them
     */
    public static Event gapThrough(Event last) {
        return new Event(
                last.sequence(), last.storedAtMillis(), last.generation(), false, last.upstreamId(), new byte[0]);
    }

    /** Whether it stands for events that were never stored, the one of this number included; it has no message. */
    public boolean gap() {
        return message.length == 0;
    }

    /** Size as it counts against queues, batches and retention, in bytes. */
    public int bytes() {
        return message.length + (upstreamId == null ? 0 : upstreamId.length()) + OVERHEAD_BYTES;
    }
}
