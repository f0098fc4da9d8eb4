package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.config.StreamSettings;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Looks after the open streams of one loop once a second: one task, not one for each stream. The loop only. */
final class Heartbeats {
    private static final long TICK_MILLIS = 1_000;

    private final NettyLoop loop;
    private final StreamSettings settings;
    private final Clocks clocks;
    private @Nullable SseClient first;
    private volatile int open;

    Heartbeats(NettyLoop loop, StreamSettings settings, Clocks clocks) {
        this.loop = loop;
        this.settings = settings;
        this.clocks = clocks;
    }

    void start() {
        loop.after(TICK_MILLIS, this::tick);
    }

    void add(SseClient client) {
        client.next = first;
        if (first != null) {
            first.previous = client;
        }
        first = client;
        opened(1);
    }

    /** Once for each that was added. */
    void remove(SseClient client) {
        SseClient previous = client.previous;
        SseClient next = client.next;
        if (previous == null) {
            first = next;
        } else {
            previous.next = next;
        }
        if (next != null) {
            next.previous = previous;
        }
        client.previous = null;
        client.next = null;
        opened(-1);
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // written on the loop only
    private void opened(int change) {
        open += change;
    }

    /** Streams open on this loop. Any thread. */
    int open() {
        return open;
    }

    private void tick() {
        long now = clocks.passedMillis();
        long heartbeatMillis = settings.heartbeat().toMillis();
        long slowSince = clocks.wall().millis() - settings.slowClient().toMillis();
        forEach(client -> client.beat(now, heartbeatMillis, slowSince));
        loop.after(TICK_MILLIS, this::tick);
    }

    /** Each is told a time of its own, so that they do not come back all at once. */
    void sendAllAway(LongSupplier retryMillis) {
        forEach(client -> client.sendAway(retryMillis.getAsLong()));
    }

    /** The action may remove the client that it is given, and no other. */
    private void forEach(Consumer<SseClient> action) {
        SseClient client = first;
        while (client != null) {
            SseClient next = client.next;
            action.accept(client);
            client = next;
        }
    }
}
