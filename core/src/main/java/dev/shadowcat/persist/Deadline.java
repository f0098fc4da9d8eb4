package dev.shadowcat.persist;

import java.time.Duration;

/**
 * When something that ends in several steps has to be over.
 *
 * @param nanos in the time of {@link System#nanoTime}
 */
public record Deadline(long nanos) {
    public static Deadline in(Duration time) {
        return new Deadline(System.nanoTime() + time.toNanos());
    }

    /** The time until then; none once it has passed. */
    public Duration left() {
        return Duration.ofNanos(Math.max(0, nanos - System.nanoTime()));
    }

    /** A share of that, for one step of several. */
    public Duration part(int share) {
        return left().dividedBy(share);
    }
}
