package dev.shadowcat.persist;

/** What becomes of events while the store takes none. */
public enum OnStoreFailure {
    /** They wait. */
    HOLD,
    /** After a time they are sent on without an id to clients that have everything before them. */
    DELIVER
}
