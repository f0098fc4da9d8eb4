package dev.shadowcat.store;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * When a node's renewals of its lease were answered, by which it tells a holder that is gone from a store that stood still, or that
 * nobody could reach: there all leases have run out, and what seems to be free is not. So a node goes by a lease that has run out only
 * where it learned of it shortly after a renewal of its own, which was answered before it asked. By the node's own clock. Any thread.
 */
public final class Renewals {
    private final long freshNanos;
    private final LongSupplier nanoTime;
    private volatile long newest;

    /**
     * None was answered yet.
     *
     * @param lease of this node and of others
     */
    public Renewals(Duration lease, LongSupplier nanoTime) {
        // Renewals are a quarter of a lease apart. Where they stop for all at once, no lease runs out for as long as
        // one counts here.
        this.freshNanos = lease.toNanos() / 2;
        this.nanoTime = nanoTime;
        this.newest = nanoTime.getAsLong() - freshNanos;
    }

    /**
     * A renewal was answered.
     *
     * @param askedNanos when it was asked for
     */
    public void answered(long askedNanos) {
        newest = askedNanos;
    }

    /** When the newest that was answered was asked for. Taken before the store is asked who holds a session. */
    public long newest() {
        return newest;
    }

    /**
     * Passes where a lease that has run out, as the store just said, can be gone by.
     *
     * @param newest as it was before the store was asked
     * @throws StoreException if the store may have stood still meanwhile
     */
    public void requireFresh(long newest) {
        if (nanoTime.getAsLong() - newest >= freshNanos) {
            throw new StoreException(
                    "the store may have stood still, and whoever holds the session renews the lease on it first", null);
        }
    }
}
