package dev.shadowcat.persist;

import dev.shadowcat.observe.SpanIdentity;
import dev.shadowcat.store.StoreWrite;
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
     * as it is, without an id. Asked again and again while the event waits.
     *
     * @return whether it was sent on; from then on it may be let go, with a {@link dev.shadowcat.event.Event#gap} in its place
     */
    default boolean unstored(StoreWrite write) {
        return false;
    }

    /** The recorded request whose events it waits for; null where there is none. Any thread. */
    default @Nullable SpanIdentity origin() {
        return null;
    }

    /** It will never be stored: the store refused it for good (it is in the dead letters), or its session was deleted. */
    void refused(StoreWrite write, String reason);
}
