package dev.shadowcat.gateway.relay;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.persist.Completion;
import dev.shadowcat.persist.Lane;
import dev.shadowcat.session.EventStream;
import dev.shadowcat.session.Retention;
import dev.shadowcat.session.RetentionLimits;
import dev.shadowcat.session.SessionLoop;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoredSession;
import dev.shadowcat.store.StoredStream;
import dev.shadowcat.store.StreamRecord.Phase;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Walks the store in the background: what has expired goes, and what a restart interrupted is taken up. One page at a time. */
final class Maintenance {
    private static final int PAGE = 100;
    private static final long PAUSE_MILLIS = 60_000;
    private static final long JUMP_MILLIS = 60_000;
    private static final long RECOVERABLE_MILLIS = 3_600_000;

    private final Relay relay;
    private final SessionLoop loop;
    private final RetentionLimits limits;
    private final Retention retention;
    private final Lane lane;
    private boolean closed;
    private boolean recovering = true; // the first walk also looks for interrupted streams
    private long lastWallMillis;
    private long lastNanos;
    private long notBeforeNanos;

    /** @param lane on this loop: what goes takes the worker's way, like any other write */
    Maintenance(Relay relay, SessionLoop loop, RetentionLimits limits, Lane lane) {
        this.relay = relay;
        this.loop = loop;
        this.limits = limits;
        this.retention = new Retention(relay.store(), limits);
        this.lane = lane;
    }

    void start() {
        loop.execute(() -> {
            lastWallMillis = relay.clock().millis();
            lastNanos = System.nanoTime();
            notBeforeNanos = lastNanos;
            walk(null);
        });
    }

    void close() {
        loop.execute(() -> closed = true);
    }

    private void walk(@Nullable SessionId after) {
        if (closed) {
            return;
        }
        relay.reader()
                .read(
                        loop,
                        () -> page(after),
                        last -> {
                            if (last != null) {
                                walk(last.id());
                                return;
                            }
                            recovering = false;
                            loop.after(PAUSE_MILLIS, this::again);
                        },
                        unreadable -> loop.after(PAUSE_MILLIS, this::again));
    }

    private void again() {
        watchClock();
        walk(null);
    }

    /** After a jump of the wall clock nothing expires for one idle period: what looks old may be a minute old. */
    private void watchClock() {
        long wall = relay.clock().millis();
        long nanos = System.nanoTime();
        long passed = (nanos - lastNanos) / 1_000_000;
        if (Math.abs(wall - lastWallMillis - passed) > JUMP_MILLIS) {
            notBeforeNanos = nanos + limits.sessionIdle().toNanos();
        }
        lastWallMillis = wall;
        lastNanos = nanos;
    }

    private record Last(SessionId id) {}

    /** Reads and treats one page; null at the end. A reading thread. */
    private @Nullable Last page(@Nullable SessionId after) {
        List<StoredSession> page = relay.store().sessions(after, PAGE);
        long now = relay.clock().millis();
        for (StoredSession session : page) {
            treat(session, now);
        }
        return page.size() < PAGE ? null : new Last(page.getLast().record().id());
    }

    private void treat(StoredSession session, long now) {
        SessionId id = session.record().id();
        long idleSince = now - limits.sessionIdle().toMillis();
        boolean mayExpire = System.nanoTime() - notBeforeNanos >= 0;
        if (mayExpire && session.activity().lastActiveMillis() < idleSince) {
            if (relay.sessions().expire(id, idleSince)) {
                relay.observer().sessionExpired();
            }
            return;
        }
        if (mayExpire) {
            List<StoreWrite> due = retention.due(id, now);
            due.forEach(this::tell);
            loop.execute(() -> due.forEach(write -> lane.offer(write, Completion.NOBODY)));
        }
        if (recovering
                && session.state().credentials().hashes().isEmpty()
                && session.activity().lastActiveMillis() > now - RECOVERABLE_MILLIS
                && interrupted(id)) {
            relay.sessions()
                    .find(
                            id,
                            loop,
                            found -> found.ifPresent(each -> {
                                each.recover(Answers.headers());
                                relay.sessions().release(each);
                            }),
                            unreadable -> {});
        }
    }

    /** A stream in memory must know what it has lost, or a resume would pass over it in silence. */
    private void tell(StoreWrite write) {
        RelaySession session = relay.sessions().inMemory(write.session());
        if (session == null || !(write instanceof StoreWrite.TrimStream trim)) {
            return;
        }
        session.loop().run(() -> {
            EventStream stream = session.stream(trim.stream());
            if (stream != null) {
                stream.trimmed(trim.throughSequence());
            }
        });
    }

    private boolean interrupted(SessionId id) {
        for (StoredStream stream : relay.store().streams(id)) {
            if (stream.record().number() != EventStream.STANDALONE
                    && stream.record().phase() == Phase.OPEN) {
                return true;
            }
        }
        return false;
    }
}
