package dev.shadowcat.testkit;

import dev.shadowcat.store.EventStore;

/** A place where one store's data lies for the length of a test. */
public interface StoreHome extends AutoCloseable {
    /** Opens the store that lies here: empty at first, and later with what it held when it was closed last. */
    EventStore open();

    /** Whether a store finds its data again when it is opened anew. */
    boolean remembers();

    /** Removes the data. Every store opened here has been closed before. */
    @Override
    void close();
}
