package dev.shadowcat.testkit;

import dev.shadowcat.store.NodeIdentity;
import dev.shadowcat.store.SharedStore;
import java.time.Duration;

/** A place where one shared store's data lies for the length of a test, for any number of nodes. */
public interface SharedStoreHome extends AutoCloseable {
    /**
     * Opens the store as one node, which has no lease yet.
     *
     * @param lease how long each of the node's leases is
     */
    SharedStore open(NodeIdentity node, Duration lease);

    /** Removes the data. Every store opened here has been closed before. */
    @Override
    void close();
}
