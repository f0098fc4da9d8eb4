package dev.shadowcat.session;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.EventStore;
import java.util.List;

/** What a client gets that comes to a stream with a cursor. */
public sealed interface Resumption {
    /** The cursor is none that was ever given on the stream. */
    record Unknown() implements Resumption {}

    /** The stream has ended, and nothing follows. */
    record Over() implements Resumption {}

    /**
     * Everything that followed the cursor follows.
     *
     * @param after where the client goes on
     */
    record Whole(long after) implements Resumption {}

    /**
     * Some of what followed is gone, which the client is to be told before the rest.
     *
     * @param after where the client goes on: its own cursor, or what took that one's place
     * @param repeats whether the upstream may have sent again what the client had seen and the store lost
     */
    record Gap(long after, boolean repeats) implements Resumption {}

    /**
     * Whether a cursor lies among numbers that were skipped for what the store may have lost: its event was shown and is gone. A
     * stream that came to memory again since, or ended, does not know it any more; where nothing was skipped in a session
     * ({@link Session#hasSkipped}) there is no need to ask. Blocks on the store.
     *
     * @return the last number that was skipped; 0 where the cursor's event, or the one after it, is there, or nothing follows
     */
    static long skippedThrough(EventStore store, SessionId session, int stream, long cursor) {
        if (cursor == 0) {
            return 0;
        }
        List<Event> next = store.read(session, stream, cursor - 1, 1, 1);
        long first = next.isEmpty() ? 0 : next.getFirst().sequence();
        return first > cursor + 1 && first > Session.LEAP ? first - 1 : 0;
    }

    /**
     * A client names its cursor.
     *
     * @param skippedThrough what {@link #skippedThrough} says of it
     */
    static Resumption of(EventStream stream, long cursor, long skippedThrough) {
        boolean beyond = cursor > stream.newest();
        if (beyond && stream.session().store().bootEpoch() == 0) {
            return new Unknown();
        }
        if (stream.ended() && cursor >= stream.newest()) {
            return new Over();
        }
        if (beyond) {
            return new Gap(stream.newest(), true);
        }
        if (stream.lost(cursor)) {
            return new Gap(stream.leaptTo(), true);
        }
        if (skippedThrough > cursor) {
            return new Gap(skippedThrough, true);
        }
        return cursor < stream.trimmedThrough() ? new Gap(cursor, false) : new Whole(cursor);
    }
}
