package dev.shadowcat.persist;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.StoreWrite;
import org.jspecify.annotations.Nullable;

/**
 * A write on its way to the store, and who waits for it.
 *
 * @param lane that it came by; null for a deferred one, which nobody waits for
 */
record PendingWrite(StoreWrite write, @Nullable Lane lane, Completion completion, long offeredNanos) {
    /** One that nobody waits for. */
    static PendingWrite deferred(StoreWrite write, long nowNanos) {
        return new PendingWrite(write, null, Completion.NOBODY, nowNanos);
    }

    int bytes() {
        return write.bytes();
    }

    SessionId session() {
        return write.session();
    }
}
