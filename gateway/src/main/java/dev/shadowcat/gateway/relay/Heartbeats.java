package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.config.StreamSettings;
import java.time.Clock;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Looks after the open streams of one loop once a second: one task, not one for each stream. The loop only. */
final class Heartbeats {
    private static final long TICK_MILLIS = 1_000;

    private final NettyLoop loop;
    private final StreamSettings settings;
    private final Clock clock;
    private final Set<SseClient> clients = new LinkedHashSet<>();
    private volatile int open;

    Heartbeats(NettyLoop loop, StreamSettings settings, Clock clock) {
        this.loop = loop;
        this.settings = settings;
        this.clock = clock;
    }

    void start() {
        loop.after(TICK_MILLIS, this::tick);
    }

    void add(SseClient client) {
        clients.add(client);
        open = clients.size();
    }

    void remove(SseClient client) {
        clients.remove(client);
        open = clients.size();
    }

    /** Streams open on this loop. Any thread. */
    int open() {
        return open;
    }

    private void tick() {
        long now = clock.millis();
        for (SseClient client : List.copyOf(clients)) {
            client.beat(
                    now, settings.heartbeat().toMillis(), settings.slowClient().toMillis());
        }
        loop.after(TICK_MILLIS, this::tick);
    }

    void sendAllAway(long retryMillis) {
        for (SseClient client : List.copyOf(clients)) {
            client.sendAway(retryMillis);
        }
    }
}
