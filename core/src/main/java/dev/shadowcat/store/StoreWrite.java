package dev.shadowcat.store;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;

/**
 * One change of the store. Each may be applied again without harm: a batch whose fate is unknown is sent again whole.
 *
 * <p>Only {@link PutSession} brings a session into being, and only {@link PutStream} a stream of it. Any other write to a
 * session or stream that is not there changes nothing and counts as stored: the session ended meanwhile, and whatever was
 * still under way to it leaves nothing behind.
 */
public sealed interface StoreWrite {
    /** What a write without an event costs in a queue, in bytes; an estimate. */
    int RECORD_BYTES = 256;

    SessionId session();

    /** Size as it counts against queues and batches. */
    default int bytes() {
        return RECORD_BYTES;
    }

    /** A session begins. Where it is there already, its record, state and activity are replaced and its streams stay. */
    record PutSession(SessionRecord record, SessionState state, SessionActivity activity) implements StoreWrite {
        @Override
        public SessionId session() {
            return record.id();
        }

        @Override
        public int bytes() {
            return RECORD_BYTES + record.initializeRequest().length;
        }
    }

    /** A session changed. Updates; never brings a deleted session back. */
    record PutSessionState(SessionId session, SessionState state) implements StoreWrite {}

    /** A stream begins, or its record changed: events, cursor and the marks of retention stay. */
    record PutStream(SessionId session, StreamRecord record) implements StoreWrite {}

    /**
     * An event. The same (session, stream, sequence) always carries the same event; sequences rise. One at or below the
     * stream's newest is a repeat and changes nothing, even where retention has removed the first.
     */
    record AppendEvent(SessionId session, int stream, Event event) implements StoreWrite {
        @Override
        public int bytes() {
            return event.bytes();
        }
    }

    /**
     * The upstream moved its cursor without an event of ours.
     *
     * @param afterSequence our newest event on the stream at that moment; a later event's upstream id wins. Of two moves the
     *     one that was appended last wins
     */
    record MoveUpstreamCursor(SessionId session, int stream, long afterSequence, String cursor) implements StoreWrite {}

    /** A client used the session. Updates; never brings a deleted session back. */
    record TouchSession(SessionId session, SessionActivity activity) implements StoreWrite {}

    /**
     * Retention: removes a stream's events up to and including a sequence, except answers.
     *
     * @param throughSequence one above the stream's newest means the newest
     */
    record TrimStream(SessionId session, int stream, long throughSequence) implements StoreWrite {}

    /** A stream expired: its record and every event of it go. */
    record DeleteStream(SessionId session, int stream) implements StoreWrite {}

    /** The session ended: everything of it goes. */
    record DeleteSession(SessionId session) implements StoreWrite {}
}
