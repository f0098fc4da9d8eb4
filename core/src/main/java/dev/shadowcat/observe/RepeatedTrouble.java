package dev.shadowcat.observe;

import java.time.Duration;
import java.time.InstantSource;

/**
 * Trouble that comes as often as requests do, and how often the log is to be told of it: at once, then once a minute how many
 * times it has come. Any thread.
 */
public final class RepeatedTrouble {
    private static final long QUIET_MILLIS = Duration.ofMinutes(1).toMillis();

    private final InstantSource clock;
    private boolean told; // guarded by this
    private long toldMillis; // guarded by this
    private long untold; // guarded by this

    public RepeatedTrouble(InstantSource clock) {
        this.clock = clock;
    }

    /**
     * It has come once more.
     *
     * @return how often since the last line, this time included; 0 where no line is due yet
     */
    public synchronized long again() {
        long now = clock.millis();
        untold++;
        if (told && Math.abs(now - toldMillis) < QUIET_MILLIS) {
            return 0;
        }
        long count = untold;
        told = true;
        toldMillis = now;
        untold = 0;
        return count;
    }

    /** The next time is told at once. */
    public synchronized void over() {
        told = false;
        untold = 0;
    }

    /** The end of a line that tells of so many times. */
    public static String times(long count) {
        return count > 1 ? " (" + count + " times since the last line)" : "";
    }
}
