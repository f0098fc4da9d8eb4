package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.http.Exchange;
import dev.shadowcat.gateway.node.Holders;
import dev.shadowcat.gateway.node.Lease;
import dev.shadowcat.gateway.node.OtherNodes;
import dev.shadowcat.store.SharedStore;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** What a node has that shares its store with others. Any thread. */
final class Nodes {
    private final SharedStore store;
    private final Lease lease;
    private final OtherNodes others;
    private final Holders holders;
    private final Set<Forwarding> forwarded = ConcurrentHashMap.newKeySet();
    private volatile boolean stopping;

    Nodes(SharedStore store, Lease lease, OtherNodes others, Holders holders) {
        this.store = store;
        this.lease = lease;
        this.others = others;
        this.holders = holders;
    }

    SharedStore store() {
        return store;
    }

    Lease lease() {
        return lease;
    }

    OtherNodes others() {
        return others;
    }

    Holders holders() {
        return holders;
    }

    /** Whether another node has sent this request on. */
    boolean sentOn(Exchange exchange) {
        return others.vouches(exchange.headers().get(OtherNodes.HEADER));
    }

    /** Requests under way that others serve. */
    Set<Forwarding> forwarded() {
        return forwarded;
    }

    /** From now on nothing is begun here that others ask for: they wait, and take the sessions soon. */
    void stop() {
        stopping = true;
    }

    boolean stopping() {
        return stopping;
    }
}
