package dev.shadowcat.store;

/** All that a store knows of a session beside its streams. */
public record StoredSession(SessionRecord record, SessionState state, SessionActivity activity) {}
