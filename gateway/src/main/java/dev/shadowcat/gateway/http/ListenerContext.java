package dev.shadowcat.gateway.http;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/** What all connections of one listener share. Any thread. */
final class ListenerContext {
    private final ListenerSettings settings;
    private final ExchangeHandler handler;
    private final RequestBudget budget;
    private final int headerMillis;
    private final int bodyMillis;
    private final int idleMillis;
    private final int stallMillis;
    private final AtomicInteger connections = new AtomicInteger();
    private final CompletableFuture<Void> drained = new CompletableFuture<>();
    private volatile boolean ending;
    private volatile boolean stopping;

    ListenerContext(ListenerSettings settings, ExchangeHandler handler) {
        this.settings = settings;
        this.handler = handler;
        this.budget = new RequestBudget(settings.limits().maxRequestBytesInFlight());
        this.headerMillis = millis(settings.timeouts().header());
        this.bodyMillis = millis(settings.timeouts().body());
        this.idleMillis = millis(settings.timeouts().keepAliveIdle());
        this.stallMillis = millis(settings.timeouts().stalledWrite());
    }

    ExchangeHandler handler() {
        return handler;
    }

    RequestBudget budget() {
        return budget;
    }

    ListenerSettings.Limits limits() {
        return settings.limits();
    }

    ListenerSettings.Timeouts timeouts() {
        return settings.timeouts();
    }

    int headerMillis() {
        return headerMillis;
    }

    int bodyMillis() {
        return bodyMillis;
    }

    int idleMillis() {
        return idleMillis;
    }

    int stallMillis() {
        return stallMillis;
    }

    /** Counts a connection; false where even the refusal of one more would be too many. */
    boolean connectionOpened() {
        int count = connections.incrementAndGet();
        return count <= 2L * settings.limits().maxConnections() + 16;
    }

    boolean admits() {
        return connections.get() <= settings.limits().maxConnections();
    }

    void connectionClosed() {
        if (connections.decrementAndGet() == 0 && stopping) {
            drained.complete(null);
        }
    }

    int connections() {
        return connections.get();
    }

    /** Whether connections end with the next answer on them. */
    boolean ending() {
        return ending;
    }

    void endConnections() {
        ending = true;
    }

    /** No connection comes any more: the server socket is closed. */
    void stop() {
        stopping = true;
        if (connections.get() == 0) {
            drained.complete(null);
        }
    }

    /** Completes when the last connection has closed after {@link #stop}. */
    CompletableFuture<Void> drained() {
        return drained;
    }

    private static int millis(Duration duration) {
        return (int) duration.toMillis();
    }
}
