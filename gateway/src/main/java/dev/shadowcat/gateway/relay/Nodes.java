package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.node.Lease;
import dev.shadowcat.gateway.node.OtherNodes;
import dev.shadowcat.store.SharedStore;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** What a node has that shares its store with others. Any thread. */
record Nodes(SharedStore store, Lease lease, OtherNodes others, Set<Forwarding> forwarded) {
    Nodes(SharedStore store, Lease lease, OtherNodes others) {
        this(store, lease, others, ConcurrentHashMap.newKeySet());
    }
}
