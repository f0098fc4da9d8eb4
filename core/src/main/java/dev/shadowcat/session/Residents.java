package dev.shadowcat.session;

import org.jspecify.annotations.Nullable;

/**
 * Who holds which session in memory, and which ones nobody holds, the one idle longest first. Any thread; its lock is held for a
 * few assignments, twice or three times a request, where a cache that is told of every use took a tenth of the event loop.
 */
@SuppressWarnings("ReferenceEquality") // a session is itself alone
final class Residents {
    // All below, and the fields of sessions that are named here: guarded by this.
    private @Nullable Session eldest;
    private @Nullable Session newest;
    private int idle;

    /** Counts one more who needs the session; false where it has left memory. */
    synchronized boolean hold(Session session) {
        if (session.gone) {
            return false;
        }
        if (session.idle) {
            unlink(session);
        }
        session.holds++;
        return true;
    }

    /** Takes one {@link #hold} back. */
    synchronized void release(Session session) {
        session.holds--;
    }

    /** Lets a session that nobody holds become idle, unless it is busy. */
    synchronized void settle(Session session, boolean busy) {
        if (!busy && !session.gone && !session.idle && session.holds == 0) {
            append(session);
        }
    }

    /** The session that is idle longest leaves memory; null where every session is in use. */
    synchronized @Nullable Session evict() {
        Session evicted = eldest;
        if (evicted != null) {
            leave(evicted);
        }
        return evicted;
    }

    /** The session leaves memory: it can be held no more. */
    synchronized void leave(Session session) {
        if (session.idle) {
            unlink(session);
        }
        session.gone = true;
    }

    /** The same, if nobody uses the session. */
    synchronized boolean leaveIfIdle(Session session) {
        boolean leaves = session.idle;
        if (leaves) {
            leave(session);
        }
        return leaves;
    }

    synchronized boolean isIdle(Session session) {
        return session.idle;
    }

    synchronized int idle() {
        return idle;
    }

    private void append(Session session) {
        Session before = newest;
        session.older = before;
        if (before == null) {
            eldest = session;
        } else {
            before.newer = session;
        }
        newest = session;
        session.idle = true;
        idle++;
    }

    private void unlink(Session session) {
        Session older = session.older;
        Session newer = session.newer;
        if (older == null) {
            eldest = newer;
        } else {
            older.newer = newer;
        }
        if (newer == null) {
            newest = older;
        } else {
            newer.older = older;
        }
        session.older = null;
        session.newer = null;
        session.idle = false;
        idle--;
    }
}
