package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.http.Exchange;
import dev.shadowcat.gateway.http.ExchangeListener;

/**
 * A request that nobody has processed, and that is tried again until others may have taken its session long since. The loop of the
 * client's connection only.
 */
final class Waiting implements ExchangeListener {
    private static final long MIN_PAUSE_MILLIS = 10; // a node that stops has given its sessions away within a few
    private static final long MAX_PAUSE_MILLIS = 250;
    /** Which part of the time that it has waited it waits for the next try: many that wait must not keep busy those they wait for. */
    private static final int PAUSE_PART = 5;

    private static final String NOT_NOW = "The session cannot be reached now";
    private static final String STOPS = "This node stops";

    private final Relay relay;
    private final Nodes nodes;
    private final Exchange exchange;
    private final Runnable attempt;
    private final long begunMillis;
    private boolean gone;

    /**
     * It waits from now on.
     *
     * @param attempt one try
     */
    Waiting(Relay relay, Nodes nodes, Exchange exchange, Runnable attempt) {
        this.relay = relay;
        this.nodes = nodes;
        this.exchange = exchange;
        this.attempt = attempt;
        this.begunMillis = relay.passedMillis();
    }

    /** Nobody has processed it: it is tried again in a moment, or refused where it has waited long enough. */
    void again(String reason) {
        long waitedMillis = relay.passedMillis() - begunMillis;
        if (waitedMillis > relay.patienceMillis(nodes)) {
            refuse(reason);
            return;
        }
        exchange.listener(this);
        if (!nodes.waits(this)) {
            Answers.busy(exchange, STOPS);
            return;
        }
        long pauseMillis = Math.clamp(waitedMillis / PAUSE_PART, MIN_PAUSE_MILLIS, MAX_PAUSE_MILLIS);
        relay.loop(exchange.loop()).after(pauseMillis, () -> {
            if (nodes.waitsNoLonger(this)) {
                attempt.run();
            }
        });
    }

    /** This node ends: it is not tried again. Any thread. */
    void end() {
        exchange.loop().execute(() -> {
            if (nodes.waitsNoLonger(this)) {
                Answers.busy(exchange, STOPS);
            }
        });
    }

    /** There is nobody left to try. */
    void refuse(String reason) {
        nodes.refused(reason);
        Answers.busy(exchange, NOT_NOW);
    }

    /** Whether its client left. */
    boolean gone() {
        return gone;
    }

    @Override
    public void clientGone() {
        gone = true;
        nodes.waitsNoLonger(this);
    }
}
