package dev.shadowcat.gateway.relay;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.gateway.http.Exchange;
import dev.shadowcat.observe.ForwardFailure;
import dev.shadowcat.persist.OnStoreFailure;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks for the session that a request names: here, or at the node that holds it, which is then sent the request; that one is
 * known from lately, or from the store. Where it is gone, its lease is waited out. The loop of the client's connection only.
 */
final class Lookup {
    private static final Logger log = LoggerFactory.getLogger(Lookup.class);

    private final Relay relay;
    private final Exchange exchange;
    private final SessionId id;
    private final Consumer<RelaySession> found;
    private @Nullable Waiting waiting; // for its next try

    /** @param found takes over the session, which is held; on its loop */
    Lookup(Relay relay, Exchange exchange, SessionId id, Consumer<RelaySession> found) {
        this.relay = relay;
        this.exchange = exchange;
        this.id = id;
        this.found = found;
    }

    void start() {
        Nodes nodes = relay.nodes();
        if (nodes == null) {
            find(this::unreadable);
            return;
        }
        boolean sentOn = nodes.sentToHolder(exchange);
        boolean here = relay.sessions().inMemory(id) != null;
        String hindrance = nodes.lease().hindrance();
        String seen = here || sentOn ? null : nodes.holders().of(id);
        if (seen != null) {
            toHolder(nodes, seen, reason -> start());
        } else if (Successors.take(nodes, exchange, here)) {
            new Successors(relay, nodes, exchange, id).start();
        } else if (hindrance == null || (nodes.lease().runs() && here)) {
            if (waitsForStore()) {
                again("the store takes nothing now");
            } else {
                find(this::again);
            }
        } else if (sentOn) {
            Answers.misdirected(
                    exchange, nodes); // the node that asks finds out from the store who may serve it, and when
        } else {
            again(hindrance);
        }
    }

    /** Whether it would be sent to a server while nothing of its answer could be kept: with the session would go what came of it. */
    private boolean waitsForStore() {
        return relay.storeFailure().onFailure() == OnStoreFailure.HOLD
                && relay.sessions().storeFails(id)
                && PostExchange.hasRequests(exchange);
    }

    private void find(Consumer<String> unreadable) {
        relay.sessions().find(id, relay.loop(exchange.loop()), this::found, this::elsewhere, unreadable);
    }

    private void found(Optional<RelaySession> session) {
        session.ifPresentOrElse(found, () -> Answers.noSession(exchange));
    }

    private void unreadable(String reason) {
        Answers.busy(exchange, "The store cannot be read now: " + reason);
    }

    private void elsewhere(String address) {
        if (waiting != null && waiting.gone()) {
            return;
        }
        toHolder(nodes(), address, this::again);
    }

    private Nodes nodes() {
        Nodes nodes = relay.nodes();
        if (nodes == null) {
            throw new IllegalStateException("a store with one node has other nodes");
        }
        return nodes;
    }

    private void toHolder(Nodes nodes, String address, Consumer<String> unprocessed) {
        if (nodes.isOfTwo(address)) {
            String wrong = "Two gateways that share the store have the node-address " + address
                    + ", so that nobody can tell which of them holds the session: each needs one of its own";
            relay.observer().forwardFailed(ForwardFailure.SAME_ADDRESS);
            nodes.refused(wrong);
            Answers.busy(exchange, wrong);
        } else if (nodes.sentToHolder(exchange)) {
            Answers.misdirected(exchange, nodes); // never further than one node
        } else {
            new Forwarding(relay, nodes, id, address, exchange, unprocessed).start();
        }
    }

    /** Nobody has processed the request: it is looked for again. */
    private void again(String reason) {
        if (waiting == null) {
            log.debug("A request waits: {}", reason);
            waiting = new Waiting(relay, nodes(), exchange, this::start);
        }
        waiting.again(reason);
    }
}
