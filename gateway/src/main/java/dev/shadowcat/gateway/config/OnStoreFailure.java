package dev.shadowcat.gateway.config;

/** What happens to events while the store takes none. */
public enum OnStoreFailure {
    /** They wait, behind back-pressure. */
    HOLD,
    /** They go to the client without an id once they have waited long enough. */
    DELIVER,
}
