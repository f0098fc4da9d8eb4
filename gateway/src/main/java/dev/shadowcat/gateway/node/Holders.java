package dev.shadowcat.gateway.node;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.SharedStore.Claim;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Which nodes were lately seen to hold sessions, so that not every request that is sent on asks the store. What is wrong here costs
 * a way in vain and no more: a node serves what it holds and nothing else. Any thread.
 */
public final class Holders {
    private static final int MOST = 65_536; // sessions, of 150 bytes

    private final long trustedNanos;
    private final int most;
    private final LongSupplier nanoTime;
    private final Map<SessionId, Seen> seen = new ConcurrentHashMap<>();

    private record Seen(String address, long untilNanos) {}

    /**
     * Knows of none yet.
     *
     * @param trusted how long what was seen is believed: less than a lease, since a node that is gone must not be asked for longer
     *     than if the store were
     */
    public Holders(Duration trusted) {
        this(trusted, MOST, System::nanoTime);
    }

    Holders(Duration trusted, int most, LongSupplier nanoTime) {
        this.trustedNanos = trusted.toNanos();
        this.most = most;
        this.nanoTime = nanoTime;
    }

    /** The address of the node that holds a session, where that was seen lately. */
    public @Nullable String of(SessionId session) {
        Seen last = seen.get(session);
        return last == null || hasRunOut(last) ? null : last.address();
    }

    /** What the store said of a session. */
    public void claimed(SessionId session, Claim claim) {
        switch (claim) {
            case Claim.Elsewhere other -> holds(other.address(), session);
            case Claim.Held _, Claim.Absent _ -> forget(session);
        }
    }

    /** That node holds it: the store said so, or it served a request just now. */
    public void holds(String address, SessionId session) {
        if (seen.size() < most || seen.containsKey(session)) {
            seen.put(session, new Seen(address, nanoTime.getAsLong() + trustedNanos));
        }
    }

    /** Nobody knows any more who holds it. */
    public void forget(SessionId session) {
        seen.remove(session);
    }

    /** Makes room of what is too old to be believed. */
    public void sweep() {
        seen.values().removeIf(this::hasRunOut);
    }

    int known() {
        return seen.size();
    }

    private boolean hasRunOut(Seen last) {
        return nanoTime.getAsLong() - last.untilNanos() >= 0;
    }
}
