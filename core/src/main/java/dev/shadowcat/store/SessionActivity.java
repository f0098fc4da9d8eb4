package dev.shadowcat.store;

/**
 * What is written of a session without anyone waiting for it.
 *
 * @param lastActiveMillis when a client last used the session, wall clock, milliseconds since the epoch
 * @param standaloneCursor the last sequence of the standalone stream that was written to any connection; 0 before the first
 */
public record SessionActivity(long lastActiveMillis, long standaloneCursor) {}
