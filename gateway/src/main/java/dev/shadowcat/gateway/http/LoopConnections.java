package dev.shadowcat.gateway.http;

import dev.shadowcat.gateway.net.PlainMessage;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one event loop, and the one sweep that times all of them out: no connection has a timer of its own.
 * Everything but {@link #start} and {@link #stop} on that loop.
 */
final class LoopConnections {
    private static final long SWEEP_MILLIS = 1_000;
    /** How many connections are closed between two looks at the sockets: less than a millisecond's work. */
    private static final int CLOSES = 8;
    /** Within every limit that the decoder keeps. */
    private static final int PLAIN_BYTES = RequestDecoder.MAX_TARGET;

    private final EventLoop loop;
    private final LongSupplier ticker;
    private final InstantSource clock;
    private final ResponseHead head = new ResponseHead();
    private final PlainMessage plain = new PlainMessage(PLAIN_BYTES);
    private final long origin;
    private int now;
    private @Nullable Connection first;
    private volatile @Nullable Future<?> sweeping;

    LoopConnections(EventLoop loop, LongSupplier ticker, InstantSource clock) {
        this.loop = loop;
        this.ticker = ticker;
        this.clock = clock;
        this.origin = ticker.getAsLong();
        head.date(clock.instant());
    }

    void start() {
        sweeping = loop.scheduleWithFixedDelay(this::sweep, SWEEP_MILLIS, SWEEP_MILLIS, TimeUnit.MILLISECONDS);
    }

    void stop() {
        Future<?> task = sweeping;
        if (task != null) {
            task.cancel(false);
        }
    }

    EventLoop loop() {
        return loop;
    }

    ResponseHead head() {
        return head;
    }

    /** What came last and was a whole request; read at once or not at all. */
    PlainMessage plain() {
        return plain;
    }

    /** Milliseconds at the last sweep; wraps around, so only differences mean anything. */
    int now() {
        return now;
    }

    /** How long ago a time was for sure: what was stamped between two sweeps counts from the second. */
    int elapsed(int since) {
        return now - since - (int) SWEEP_MILLIS;
    }

    void add(Connection connection) {
        connection.next = first;
        if (first != null) {
            first.previous = connection;
        }
        first = connection;
    }

    void remove(Connection connection) {
        Connection previous = connection.previous;
        Connection next = connection.next;
        if (previous == null) {
            first = next;
        } else {
            previous.next = next;
        }
        if (next != null) {
            next.previous = previous;
        }
        connection.previous = null;
        connection.next = null;
    }

    void sweep() {
        now = (int) TimeUnit.NANOSECONDS.toMillis(ticker.getAsLong() - origin);
        head.date(clock.instant());
        forEach(Connection::checkTime);
    }

    /**
     * Closes the connections that serve no request, a few after each look at the sockets: what comes on the others meanwhile is read and
     * answered. Any thread.
     *
     * @return done when none is left
     */
    CompletableFuture<Void> closeIdle() {
        CompletableFuture<Void> done = new CompletableFuture<>();
        loop.execute(() -> closeSomeIdle(done));
        return done;
    }

    private void closeSomeIdle(CompletableFuture<Void> done) {
        int closed = 0;
        for (Connection connection = first; connection != null && closed < CLOSES; ) {
            Connection next = connection.next;
            if (connection.closeIfIdle()) {
                closed++;
            }
            connection = next;
        }
        if (closed < CLOSES) {
            done.complete(null);
            return;
        }
        // What becomes due while a loop works is done after its next look at the sockets.
        var _ = loop.schedule(() -> closeSomeIdle(done), 0, TimeUnit.NANOSECONDS);
    }

    /** The action may remove the connection that it is given, and no other. */
    void forEach(Consumer<Connection> action) {
        Connection connection = first;
        while (connection != null) {
            Connection next = connection.next;
            action.accept(connection);
            connection = next;
        }
    }
}
