package dev.shadowcat.session;

import dev.shadowcat.event.Event;
import dev.shadowcat.memory.Footprint;
import dev.shadowcat.memory.Measured;
import dev.shadowcat.persist.Completion;
import dev.shadowcat.store.StoreWrite;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a session's events take in the store, held against its bound: each sixteenth of the bound retention looks what is
 * there, and trims it. Answers are not retention's to take, and do not count. The session's thread only.
 */
final class StoredBytes implements Measured {
    private static final Logger log = LoggerFactory.getLogger(StoredBytes.class);
    private static final int SLACK = 16; // of the bound: looked at when a sixteenth above it

    private final Session session;
    private long allowance; // bytes of events that the store may get before retention looks
    private boolean looking;

    /** @param kept bytes of events that the store has */
    StoredBytes(Session session, long kept) {
        this.session = session;
        this.allowance = allowance(kept);
    }

    /** The store has one more event, which is no answer. */
    void kept(Event event) {
        allowance -= event.bytes();
        if (allowance < 0 && !looking) {
            looking = true;
            allowance = 0;
            Retention retention = new Retention(session.store(), session.retention());
            session.reader().read(session.loop(), () -> retention.size(session.id()), this::trim, this::unreadable);
        }
    }

    /** Whether retention looks: what it finds must come to somebody. */
    boolean looking() {
        return looking;
    }

    /** Whether more has come than retention can be behind: a look takes for long. */
    boolean exceeded() {
        return looking && allowance < -slack();
    }

    private void trim(Retention.Size size) {
        if (session.deleted()) {
            return;
        }
        for (StoreWrite.TrimStream due : size.due()) {
            session.lane().offer(due, Completion.NOBODY);
            EventStream stream = session.stream(due.stream());
            if (stream != null) {
                stream.trimmed(due.throughSequence());
            }
        }
        looked(allowance(size.left()));
    }

    private void unreadable(String reason) {
        log.warn(
                "Session {}: its size in the store is unknown, and it may exceed its bound for now: {}",
                session.id().shortened(),
                reason);
        looked(slack());
    }

    private void looked(long more) {
        looking = false;
        allowance += more; // what came meanwhile counts
        session.roomAgain();
        session.settled();
    }

    private long allowance(long kept) {
        return Math.max(0, bound() - kept) + slack();
    }

    private long slack() {
        return bound() / SLACK;
    }

    private long bound() {
        return session.retention().bytesPerSession();
    }

    @Override
    public void measure(Footprint footprint) {
        footprint.add(this);
    }
}
