package dev.shadowcat.event;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * The upstream ids of what a gap stands for, hashed, in the place of its message: a resumed upstream may repeat those events, and
 * nobody else remembers them. With them goes the number of the first one: what is missing before it is not of the gap. The newest
 * {@value #CAPACITY}; a gap that stands for more says so.
 */
public final class GapIds {
    /** 8 KiB; what is let go for a gap takes eight times as much in the queue. */
    public static final int CAPACITY = 1_024;

    private static final byte WHOLE = 2; // with the first number; no JSON begins with any of these
    private static final byte CUT = 1;
    private static final byte UNPLACED = 0; // as gaps were written before they had their first number
    private static final long[] NONE = {};

    /** The message of a gap that remembers none of its ids. */
    static final byte[] UNKNOWN = {CUT};

    private GapIds() {}

    static boolean begins(byte first) {
        return first == WHOLE || first == CUT || first == UNPLACED;
    }

    /** What a gap in the place of these events has for a message, gaps among them included. Ids of older generations are void. */
    static byte[] message(List<Event> events) {
        int generation = events.getLast().generation();
        boolean whole = true;
        long next = first(events.getFirst());
        long[] ids = new long[16];
        int count = 0;
        for (Event event : events) {
            whole &= first(event) == next;
            next = event.sequence() + 1;
            if (event.generation() != generation) {
                continue;
            }
            whole &= knowsAll(event);
            for (long id : of(event)) {
                if (count > 0 && ids[count - 1] == id) {
                    continue; // an event without an id of its own carries the one before
                }
                ids = count == ids.length ? Arrays.copyOf(ids, 2 * count) : ids;
                ids[count++] = id;
            }
        }
        int from = Math.max(0, count - CAPACITY);
        boolean complete = whole && from == 0;
        ByteBuffer message = ByteBuffer.allocate(1 + (count - from + (complete ? 1 : 0)) * Long.BYTES);
        message.put(complete ? WHOLE : CUT);
        if (complete) {
            message.putLong(first(events.getFirst()));
        }
        message.asLongBuffer().put(ids, from, count - from);
        return message.array();
    }

    /** The ids that an event stands for, oldest first: its own, or a gap's. */
    public static long[] of(Event event) {
        String own = event.upstreamId();
        if (event.gap() && event.message().length > 1) {
            byte[] message = event.message();
            int from = message[0] == WHOLE ? 1 + Long.BYTES : 1;
            long[] ids = new long[(message.length - from) / Long.BYTES];
            ByteBuffer.wrap(message, from, message.length - from).asLongBuffer().get(ids);
            return ids;
        }
        return own == null ? NONE : new long[] {RepeatFilter.hash(own)};
    }

    /** The number of the first event that an event stands for: its own, or a gap's first one if the gap knows all of them. */
    public static long first(Event event) {
        return event.gap() && knowsAll(event)
                ? ByteBuffer.wrap(event.message(), 1, Long.BYTES).getLong()
                : event.sequence();
    }

    /** Whether an event stands for no other ids than those. */
    public static boolean knowsAll(Event event) {
        return !event.gap() || (event.message().length > 0 && event.message()[0] == WHOLE);
    }
}
