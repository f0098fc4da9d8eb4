package dev.shadowcat.observe;

/** What a client got that came back to a stream with a cursor. */
public enum Resumed {
    /** Everything that followed. */
    WHOLE,
    /** What is left: some of what followed is gone, which it was told. */
    GAP,
    /** Nothing: the stream has ended, and it had everything. */
    OVER,
    /** An error: the cursor is none that was given. */
    UNKNOWN
}
