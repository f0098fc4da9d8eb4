package dev.shadowcat.session;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoredSession;
import dev.shadowcat.store.StreamRecord;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a node has in memory of a session when another store takes the place of its own, and may lack some of what that one had
 * acknowledged.
 *
 * @param streams those that owe somebody an answer, and the standalone one
 */
record Remains(StoredSession session, List<Head> streams) {
    /**
     * How far a stream has come.
     *
     * @param had the number that the store may know it by
     * @param record as it is put anew, with all requests that the store may have no answer of
     * @param stored the newest event that a client may have; 0 where there is none
     * @param upstreamCursor as of that event; null where there is none
     */
    record Head(
            int had,
            StreamRecord record,
            long stored,
            @Nullable String upstreamCursor) {
        /** Whether it is put anew under another number, which nobody has seen but who waits for it. */
        private boolean isMoved() {
            return had != record.number();
        }

        /** Whether the store knew it all the same: its acknowledgement may have been lost. */
        private boolean isThat(StreamRecord known) {
            return known.createdAtMillis() == record.createdAtMillis()
                    && known.open().equals(record.open());
        }

        /** A stream without its events is a gap, for whoever has not seen them. */
        private void addTo(List<StoreWrite> writes, SessionId session, long nowMillis) {
            int number = record.number();
            writes.add(new StoreWrite.PutStream(session, record));
            if (stored > 0) {
                Event gap = Event.gapOfUnknown(stored, nowMillis, record.generation());
                writes.add(new StoreWrite.AppendEvent(session, number, gap));
            }
            if (upstreamCursor != null) {
                writes.add(new StoreWrite.MoveUpstreamCursor(session, number, stored, upstreamCursor));
            }
        }
    }

    /** What puts anew what a store lacks of it; what the store has is left as it is there. Blocks on the store. */
    List<StoreWrite> missing(EventStore store, long nowMillis) {
        SessionId id = session.record().id();
        List<StoreWrite> missing = new ArrayList<>();
        if (store.session(id).isEmpty()) {
            missing.add(new StoreWrite.PutSession(session.record(), session.state(), session.activity()));
        }
        for (Head stream : streams) {
            if (stream.isMoved()) {
                store.stream(id, stream.had())
                        .filter(known -> stream.isThat(known.record()))
                        .ifPresent(known -> missing.add(new StoreWrite.DeleteStream(id, stream.had())));
            }
            if (store.stream(id, stream.record().number()).isEmpty()) {
                stream.addTo(missing, id, nowMillis);
            }
        }
        return missing;
    }
}
