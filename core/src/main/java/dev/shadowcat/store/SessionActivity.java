package dev.shadowcat.store;

import org.jspecify.annotations.Nullable;

/**
 * What is written of a session without anyone waiting for it.
 *
 * @param lastActiveMillis when a client last used the session, wall clock, milliseconds since the epoch
 * @param standaloneCursor the last sequence of the standalone stream that was written to any connection; 0 before the first
 */
public record SessionActivity(long lastActiveMillis, long standaloneCursor) {
    /** The newer one of each: two may have been noted at about the same time. */
    public SessionActivity newest(@Nullable SessionActivity other) {
        return other == null
                ? this
                : new SessionActivity(
                        Math.max(lastActiveMillis, other.lastActiveMillis),
                        Math.max(standaloneCursor, other.standaloneCursor));
    }
}
