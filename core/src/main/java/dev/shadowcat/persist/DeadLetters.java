package dev.shadowcat.persist;

import dev.shadowcat.store.StoreWrite;

/** Where writes go that the store refuses for good. Called by the worker. */
public interface DeadLetters {
    /** Keeps the write; must not throw. */
    void keep(StoreWrite write, String reason);
}
