package dev.shadowcat.gateway.relay;

/**
 * How long an upstream whose stream was lost is left in peace before it is asked again: twice as long each time, up to a bound. The session's
 * loop only.
 */
final class Pauses {
    private static final long FIRST_MILLIS = 500;

    /** It sees soon that a connection is closed; a server that sees it late is asked less and less. */
    private static final long FIRST_CONFLICT_MILLIS = 20;

    private final long longestMillis;
    private long millis = FIRST_MILLIS;
    private long conflictMillis = FIRST_CONFLICT_MILLIS;

    Pauses(long longestMillis) {
        this.longestMillis = longestMillis;
    }

    /** After a try that brought nothing. */
    long afterFailure() {
        long now = millis;
        millis = Math.min(longestMillis, 2 * now);
        return now;
    }

    /** After one that was refused since the upstream still sees an earlier connection, perhaps of a node that is gone. */
    long afterConflict() {
        long now = conflictMillis;
        conflictMillis = Math.min(longestMillis, 2 * now);
        return now;
    }

    /** The upstream sees no earlier connection any more. */
    void accepted() {
        conflictMillis = FIRST_CONFLICT_MILLIS;
    }

    /** Something new came. */
    void progressed() {
        millis = FIRST_MILLIS;
    }
}
