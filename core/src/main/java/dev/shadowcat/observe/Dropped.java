package dev.shadowcat.observe;

/** Why a write was never stored. */
public enum Dropped {
    /** The store refused it for good; it is in the dead letters. */
    REFUSED,
    /** Its session was deleted meanwhile. */
    SESSION_DELETED,
    /** It was sent on without an id, and its room in the queue was needed. */
    SENT_UNSTORED,
    /** It came when the gateway was closing, or could not be stored by the end. */
    CLOSING
}
