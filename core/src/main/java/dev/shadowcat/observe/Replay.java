package dev.shadowcat.observe;

/** A client's way through what it missed on a stream, as telemetry follows it. Its session's loop. */
public interface Replay {
    /** Events were read from the store for it. */
    void read(int events);

    /** It has caught up with what is live. Last, unless it {@link #left}. */
    void caughtUp();

    /** It went before it had caught up. Last. */
    void left();
}
