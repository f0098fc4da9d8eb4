package dev.shadowcat.store.postgres;

import dev.shadowcat.event.SessionId;
import java.util.UUID;

/** Session ids as the database has them: the same 16 bytes, in the same order. */
final class Uuids {
    private Uuids() {}

    static UUID of(SessionId session) {
        return new UUID(session.high(), session.low());
    }

    static SessionId session(UUID key) {
        return new SessionId(key.getMostSignificantBits(), key.getLeastSignificantBits());
    }
}
