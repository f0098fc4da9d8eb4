package dev.shadowcat.store;

import dev.shadowcat.event.SessionId;
import java.util.function.Predicate;

/** A part of a store that fails by itself. Equal ones are the same part. */
public sealed interface Partition {
    /** All of the store. */
    Partition WHOLE = new Whole();

    /** Whether a session is kept in this part. Asked by any thread, often: quick, and without blocking. */
    boolean holds(SessionId session);

    /** For people; names no session in full. */
    String name();

    /** All of the store. */
    record Whole() implements Partition {
        @Override
        public boolean holds(SessionId session) {
            return true;
        }

        @Override
        public String name() {
            return "the store";
        }
    }

    /** What is kept of one session: its rows are locked, say. */
    record OneSession(SessionId session) implements Partition {
        @Override
        public boolean holds(SessionId other) {
            return session.equals(other);
        }

        @Override
        public String name() {
            return "the store's part for session " + session.shortened();
        }
    }

    /**
     * A share of all sessions, such as one node of a cluster keeps.
     *
     * @param name the same at each failure of the same shard; shards are told apart by it
     */
    record Shard(String name, Predicate<SessionId> sessions) implements Partition {
        @Override
        public boolean holds(SessionId session) {
            return sessions.test(session);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Shard shard && shard.name.equals(name);
        }

        @Override
        public int hashCode() {
            return name.hashCode();
        }
    }
}
