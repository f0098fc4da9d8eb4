package dev.shadowcat.gateway.relay;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.gateway.http.Exchange;
import dev.shadowcat.gateway.node.OtherNodes;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Looks for the session that a request names: here, or at the node that holds it, which is then sent the request. Where that
 * node is gone, its lease is waited out. The loop of the client's connection only.
 */
final class Lookup {
    private static final long AGAIN_MILLIS = 50;
    /** The node that was asked does not hold the session, or not for long. */
    static final int MISDIRECTED = 421;

    private final Relay relay;
    private final Exchange exchange;
    private final SessionId id;
    private final Consumer<RelaySession> found;
    private long begunMillis; // 0 until it has to wait

    /** @param found takes over the session, which is held; on its loop */
    Lookup(Relay relay, Exchange exchange, SessionId id, Consumer<RelaySession> found) {
        this.relay = relay;
        this.exchange = exchange;
        this.id = id;
        this.found = found;
    }

    void start() {
        Nodes nodes = relay.nodes();
        if (nodes != null && nodes.stopping() && isFromNode(nodes)) {
            Answers.empty(exchange, MISDIRECTED);
            return;
        }
        if (nodes != null && !nodes.lease().runs()) {
            again("The lease of this node cannot be renewed now");
            return;
        }
        relay.sessions().find(id, relay.loop(exchange.loop()), this::found, this::elsewhere, this::unreadable);
    }

    private void found(Optional<RelaySession> session) {
        session.ifPresentOrElse(found, () -> Answers.noSession(exchange));
    }

    private void unreadable(String reason) {
        Answers.busy(exchange, "The store cannot be read now: " + reason);
    }

    private void elsewhere(String address) {
        Nodes nodes = relay.nodes();
        if (nodes == null) {
            throw new IllegalStateException("a store with one node has other nodes");
        }
        if (isFromNode(nodes)) {
            Answers.empty(exchange, MISDIRECTED); // never further than one node
            return;
        }
        new Forwarding(relay, nodes, address, exchange, this::again).start();
    }

    private boolean isFromNode(Nodes nodes) {
        return nodes.others().vouches(exchange.headers().get(OtherNodes.HEADER));
    }

    /** Nobody has processed the request: it is looked for again until others may have taken the session long since. */
    private void again(String reason) {
        long now = relay.clock().millis();
        begunMillis = begunMillis == 0 ? now : begunMillis;
        Nodes nodes = relay.nodes();
        long lease = nodes == null ? 0 : nodes.lease().length().toMillis();
        long patience = 2 * lease + relay.storeFailure().holdFor().toMillis();
        if (now - begunMillis > patience) {
            Answers.busy(exchange, reason);
            return;
        }
        relay.loop(exchange.loop()).after(AGAIN_MILLIS, this::start);
    }
}
