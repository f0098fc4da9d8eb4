package dev.shadowcat.session;

import java.util.HashMap;
import java.util.Map;

/**
 * Keeps two live clients from taking a stream from each other without end: one that changed hands 4 times in 10 s stays where
 * it is for 30 s. The session's loop only.
 */
public final class Contest {
    private static final int CHANGES = 4;
    private static final long WINDOW_MILLIS = 10_000;
    private static final long HELD_MILLIS = 30_000;

    private final Map<Integer, Changes> streams = new HashMap<>(2);

    private static final class Changes {
        private final long[] atMillis = new long[CHANGES]; // the newest ones, in a ring
        private int count;
        private long heldUntilMillis;
    }

    /** Whether a stream that has a holder may change hands now; counts it if so. */
    public boolean mayReplace(int stream, long nowMillis) {
        Changes changes = streams.computeIfAbsent(stream, number -> new Changes());
        if (nowMillis < changes.heldUntilMillis) {
            return false;
        }
        changes.atMillis[changes.count % CHANGES] = nowMillis;
        changes.count++;
        if (changes.count >= CHANGES && nowMillis - changes.atMillis[changes.count % CHANGES] <= WINDOW_MILLIS) {
            changes.heldUntilMillis = nowMillis + HELD_MILLIS;
            changes.count = 0;
        }
        return true;
    }
}
