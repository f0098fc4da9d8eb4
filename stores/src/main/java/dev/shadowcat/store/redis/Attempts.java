package dev.shadowcat.store.redis;

import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Numbers what a node sends, so that what comes late is told from what came after it: a connection that was given up may still
 * deliver what was written to it.
 */
final class Attempts {
    private static final int ROOM_BITS = 16;

    private final String node;
    private final AtomicLong last;

    /** @param node its incarnation; one that is used again, as tests do, goes on above where it was */
    Attempts(String node, InstantSource clock) {
        this.node = node;
        this.last = new AtomicLong(clock.millis() << ROOM_BITS);
    }

    String node() {
        return node;
    }

    byte[] next() {
        return RedisKeys.bytes(last.incrementAndGet());
    }
}
