package dev.shadowcat.persist;

import dev.shadowcat.store.StoreWrite;

/** A write on its way to the store, and who waits for it. */
record PendingWrite(StoreWrite write, Lane lane, Completion completion, long offeredNanos) {
    int bytes() {
        return write.bytes();
    }
}
