package dev.shadowcat.persist;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one thread knows of the store: why it fails now, and how long its present call has been under way. Written by that
 * thread; read by any, so that a call that never returns is seen by those who ask.
 */
final class StoreHealth {
    private static final Logger log = LoggerFactory.getLogger(StoreHealth.class);

    private final String call; // for people: what the thread waits for
    private final LongSupplier nanoTime;
    private volatile @Nullable String failure;
    private volatile long failedAtNanos;
    private volatile boolean calling;
    private volatile long calledAtNanos;

    /** @param call what a call does, as in "the store has not ... for 7 s" */
    StoreHealth(String call, LongSupplier nanoTime) {
        this.call = call;
        this.nanoTime = nanoTime;
    }

    void callBegins() {
        calledAtNanos = nanoTime.getAsLong();
        calling = true;
    }

    /** Returns how long it took. */
    long callEnds(Duration stallAfter) {
        calling = false;
        long took = nanoTime.getAsLong() - calledAtNanos;
        if (took >= stallAfter.toNanos()) {
            log.warn("The store returned: it had not {} for {} ms", call, TimeUnit.NANOSECONDS.toMillis(took));
        }
        return took;
    }

    /** Returns whether it is news. */
    boolean failed(String reason) {
        boolean news = failure == null;
        if (news) {
            failedAtNanos = nanoTime.getAsLong();
        }
        failure = reason;
        return news;
    }

    /** Returns whether it is news. */
    boolean works() {
        boolean news = failure != null;
        failure = null;
        return news;
    }

    /** For how long it has been failing; 0 where it works. */
    long failingNanos() {
        return failure == null ? 0 : Math.max(1, nanoTime.getAsLong() - failedAtNanos);
    }

    /** Why the store cannot be relied upon now; null where it can. Any thread. */
    @Nullable
    String trouble(Duration stallAfter) {
        String known = failure;
        if (known != null) {
            return known;
        }
        if (!calling) { // first: a call that begins after this has set its time before
            return null;
        }
        long took = nanoTime.getAsLong() - calledAtNanos;
        return took >= stallAfter.toNanos()
                ? "has not " + call + " for " + TimeUnit.NANOSECONDS.toSeconds(took) + " s"
                : null;
    }
}
