package dev.shadowcat.gateway.relay;

import java.util.HashMap;
import java.util.Map;

/**
 * Keeps two live clients from taking a stream from each other without end: one that changed hands 4 times in 10 s stays where
 * it is for 30 s. The session's loop only.
 */
final class Contest {
    private static final int CHANGES = 4;
    private static final long WINDOW_MILLIS = 10_000;
    private static final long HELD_MILLIS = 30_000;

    private final Map<Integer, Changes> streams = new HashMap<>(2);

    private static final class Changes {
        private int count;
        private long firstMillis;
        private long heldUntilMillis;
    }

    /** Whether a stream that has a holder may change hands now; counts it if so. */
    boolean mayReplace(int stream, long nowMillis) {
        Changes changes = streams.computeIfAbsent(stream, number -> new Changes());
        if (nowMillis < changes.heldUntilMillis) {
            return false;
        }
        if (nowMillis - changes.firstMillis > WINDOW_MILLIS) {
            changes.firstMillis = nowMillis;
            changes.count = 0;
        }
        changes.count++;
        if (changes.count >= CHANGES) {
            changes.heldUntilMillis = nowMillis + HELD_MILLIS;
            changes.count = 0;
        }
        return true;
    }
}
