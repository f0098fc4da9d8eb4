package dev.shadowcat.store;

/** All that a store knows of a session beside its streams. */
public record StoredSession(SessionRecord record, SessionState state, SessionActivity activity) {
    /** The same with another activity. */
    public StoredSession withActivity(SessionActivity newer) {
        return new StoredSession(record, state, newer);
    }
}
