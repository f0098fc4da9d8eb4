package dev.shadowcat.persist;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** Waits between attempts: exponential with full jitter. One thread. */
public final class Backoff {
    private final long firstMillis;
    private final long capMillis;
    private final RandomGenerator random;
    private long boundMillis;

    public Backoff(Duration first, Duration cap, RandomGenerator random) {
        this.firstMillis = first.toMillis();
        this.capMillis = cap.toMillis();
        this.random = random;
        this.boundMillis = firstMillis;
    }

    /** The next wait, anywhere between 1 ms and the bound; the bound doubles up to the cap. */
    public long nextMillis() {
        long wait = 1 + random.nextLong(boundMillis);
        boundMillis = Math.min(capMillis, boundMillis * 2);
        return wait;
    }

    public void reset() {
        boundMillis = firstMillis;
    }
}
