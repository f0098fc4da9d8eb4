package dev.shadowcat.persist;

import dev.shadowcat.event.SpanIdentity;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import org.jspecify.annotations.Nullable;

/** Who waits for a write. Called on the lane's executor, in the order of the lane's writes. */
public interface Completion {
    /** For writes that nobody waits for. */
    Completion NOBODY = new Completion() {
        @Override
        public void stored(StoreWrite write) {}

        @Override
        public void refused(StoreWrite write, String reason) {}
    };

    /** The store has it. */
    void stored(StoreWrite write);

    /**
     * The store has been failing for long, and the settings say not to wait for it: whoever waits for an event may send it on
     * as it is, without an id, and whoever waits for a stream's record may begin the stream without one. Asked again and again
     * while the write waits, sent on or not: somebody may have come who has not seen it.
     *
     * @return whether an event was sent on; from then on it may be let go, with a {@link dev.shadowcat.event.Event#gap} in its
     *     place
     */
    default boolean unstored(StoreWrite write) {
        return false;
    }

    /**
     * The same for a gap that waits in the place of events that were sent on: who comes now cannot have them any more.
     *
     * @param after the stream's event that waits before the gap; 0 where none does, and what it stands for follows what is stored
     */
    default void unstoredGap(AppendEvent gap, long after) {}

    /** The recorded request whose events it waits for; null where there is none. Any thread. */
    default @Nullable SpanIdentity origin() {
        return null;
    }

    /** It will never be stored: the store refused it for good (it is in the dead letters), or its session was deleted. */
    void refused(StoreWrite write, String reason);
}
