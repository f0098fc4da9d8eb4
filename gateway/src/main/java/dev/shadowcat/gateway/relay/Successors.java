package dev.shadowcat.gateway.relay;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.gateway.http.Exchange;
import org.jspecify.annotations.Nullable;

/**
 * A request that came to a node that stops, and that the nodes serve that go on: one after the other is asked until one does; one of an
 * older version does once it can have the session. A node that asks is told to ask them itself. The loop of the client's connection only.
 */
final class Successors {
    private final Relay relay;
    private final Nodes nodes;
    private final Exchange exchange;
    private final @Nullable SessionId session;
    private final Waiting waiting;

    /** @param session that it names; null where it is to begin one */
    Successors(Relay relay, Nodes nodes, Exchange exchange, @Nullable SessionId session) {
        this.relay = relay;
        this.nodes = nodes;
        this.exchange = exchange;
        this.session = session;
        this.waiting = new Waiting(relay, nodes, exchange, this::start);
    }

    /**
     * Whether a request in a session is theirs now: what ends a call of this node must still get to it, while this node may serve it.
     *
     * @param here whether this node has the session in memory, and so may serve it on
     */
    static boolean take(Nodes nodes, Exchange exchange, boolean here) {
        if (here && nodes.servesOn()) {
            return false;
        }
        boolean known = nodes.handsOver() || (nodes.stopping() && nodes.sentOn(exchange));
        return known && (PostExchange.mayBegin(exchange) || !nodes.lease().runs());
    }

    void start() {
        if (nodes.sentOn(exchange)) {
            Answers.misdirected(exchange, nodes);
            return;
        }
        new Forwarding(relay, nodes, session, nodes.successor(), exchange, this::again).start();
    }

    /** The one that was asked has not processed it. */
    private void again(String reason) {
        if (nodes.handsOver()) {
            waiting.again(reason);
        } else {
            waiting.refuse(reason);
        }
    }
}
