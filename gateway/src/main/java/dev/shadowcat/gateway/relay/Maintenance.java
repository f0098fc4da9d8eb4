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
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Walks the store in the background: what has expired goes, and what a restart interrupted is taken up. One page at a time; each
 * session's writes go by a lane of their own, so that one that waits for its part of the store holds up no other.
 */
final class Maintenance {
    private static final Logger log = LoggerFactory.getLogger(Maintenance.class);
    private static final int PAGE = 100;
    private static final long PAUSE_MILLIS = 60_000;
    private static final long PATIENCE_MILLIS = 1_000; // then the walk leaves behind what the store has not taken
    private static final long ADOPTING_MILLIS = 200;
    private static final long JUMP_MILLIS = 60_000;
    private static final long RECOVERABLE_MILLIS = 3_600_000;

    private final Relay relay;
    private final SessionLoop loop;
    private final RetentionLimits limits;
    private final Retention retention;
    private final Function<Lane.Listener, Lane> lanes;
    private final Predicate<SessionId> failing;
    private final LongSupplier nanoTime;
    private final Set<SessionId> waiting =
            new HashSet<>(); // whose writes the store has yet to take; fewer than two pages of them
    private @Nullable Runnable nextPage;
    private int pages; // treated so far
    private boolean patient; // the next page waits for all writes of this one that their part of the store may take
    private boolean closed;
    private boolean recovering = true; // the first walk also looks for interrupted streams
    private long counted; // sessions that this walk has met and left
    private long lastWallMillis;
    private long lastNanos;
    private long notBeforeNanos;

    /**
     * Begins when it is started.
     *
     * @param lanes makes one on this loop: what goes takes the worker's way, like any other write
     * @param failing whether the part of the store that a session is kept in fails: its writes would wait in vain
     */
    Maintenance(
            Relay relay,
            SessionLoop loop,
            RetentionLimits limits,
            Function<Lane.Listener, Lane> lanes,
            Predicate<SessionId> failing,
            LongSupplier nanoTime) {
        this.relay = relay;
        this.loop = loop;
        this.limits = limits;
        this.retention = new Retention(relay.store(), limits);
        this.lanes = lanes;
        this.failing = failing;
        this.nanoTime = nanoTime;
    }

    void start() {
        loop.execute(() -> {
            lastWallMillis = relay.clock().millis();
            lastNanos = nanoTime.getAsLong();
            notBeforeNanos = lastNanos;
            walk(null);
            adopt();
        });
    }

    void close() {
        loop.execute(() -> closed = true);
    }

    /** What nodes left that are gone is taken up by whoever sees it first, again and again: who comes back finds it under way. */
    private void adopt() {
        Nodes nodes = relay.nodes();
        if (nodes == null || closed) {
            return;
        }
        Consumer<List<SessionId>> then = abandoned -> {
            abandoned.forEach(this::adopt);
            // A full page has another behind it; its sessions are this node's or another's by then.
            loop.after(abandoned.size() < PAGE ? nodes.lease().length().toMillis() : ADOPTING_MILLIS, this::adopt);
        };
        if (!nodes.lease().takes()) {
            then.accept(List.of());
            return;
        }
        relay.reader().read(loop, () -> nodes.store().abandoned(PAGE), then, unreadable -> then.accept(List.of()));
    }

    private void adopt(SessionId id) {
        relay.sessions().find(id, loop, found -> found.ifPresent(relay::takeUp), none -> {});
    }

    private void walk(@Nullable SessionId after) {
        if (closed) {
            return;
        }
        relay.reader()
                .read(
                        loop,
                        () -> page(after),
                        this::treated,
                        unreadable -> loop.after(PAUSE_MILLIS, () -> again(after)));
    }

    /** What a page gives up is offered all at once; the next one waits until the store has taken it, or most of it in a while. */
    private void treated(Page page) {
        counted += page.open();
        page.due().forEach(this::offer);
        if (page.unreadable() > 0) {
            log.warn(
                    "The retention of {} sessions could not be looked after, for the first of them: {}",
                    page.unreadable(),
                    page.reason());
        }
        int own = ++pages;
        nextPage = () -> next(page.last());
        patient = true;
        goOn();
        watch(own);
    }

    /** Leaves behind, now and then, what waits in vain: else the part of the store that fails would hold up all of the walk. */
    private void watch(int page) {
        if (nextPage == null || pages != page) {
            return;
        }
        loop.after(PATIENCE_MILLIS, () -> {
            if (pages == page) {
                patient = false;
                waiting.removeIf(failing);
                goOn();
                watch(page);
            }
        });
    }

    /** One whose writes would wait, or wait yet since an earlier walk, is passed over: the same is due the next time. */
    private void offer(SessionId session, List<StoreWrite> due) {
        if (failing.test(session) || !waiting.add(session)) {
            return;
        }
        Lane lane = lanes.apply(new Lane.Listener() {
            @Override
            public void roomAgain() {}

            @Override
            public void settled() {
                waiting.remove(session);
                goOn();
            }
        });
        due.forEach(write -> lane.offer(write, Completion.NOBODY));
    }

    private void goOn() {
        Runnable page = nextPage;
        if (page != null && (waiting.isEmpty() || (!patient && waiting.size() < PAGE))) {
            nextPage = null;
            page.run();
        }
    }

    private void next(@Nullable SessionId last) {
        if (last != null) {
            walk(last);
            return;
        }
        recovering = false;
        relay.observer().sessionsCounted(counted);
        counted = 0;
        loop.after(PAUSE_MILLIS, () -> again(null));
    }

    private void again(@Nullable SessionId after) {
        watchClock();
        walk(after);
    }

    /** After a jump of the wall clock nothing expires for one idle period: what looks old may be a minute old. */
    private void watchClock() {
        long wall = relay.clock().millis();
        long nanos = nanoTime.getAsLong();
        long passed = (nanos - lastNanos) / 1_000_000;
        if (Math.abs(wall - lastWallMillis - passed) > JUMP_MILLIS) {
            notBeforeNanos = nanos + limits.sessionIdle().toNanos();
        }
        lastWallMillis = wall;
        lastNanos = nanos;
    }

    /**
     * One page of sessions.
     *
     * @param due what is to be written of each
     * @param last its last session; null where no page follows
     * @param open how many there were that did not go
     * @param unreadable sessions that were passed over, for a reason given of the first
     */
    private record Page(
            Map<SessionId, List<StoreWrite>> due, @Nullable SessionId last, int open, int unreadable, String reason) {}

    /** Reads and treats one page. A session that cannot be read holds up no other. A reading thread. */
    private Page page(@Nullable SessionId after) {
        List<StoredSession> page = relay.store().sessions(after, PAGE);
        Map<SessionId, List<StoreWrite>> due = new LinkedHashMap<>();
        long now = relay.clock().millis();
        Set<SessionId> others = notHeld(page);
        Set<SessionId> guarded = heldByOthers(page, others, now);
        int open = page.size();
        int unreadable = 0;
        String reason = "";
        for (StoredSession session : page) {
            try {
                if (guarded.contains(session.record().id())) {
                    continue; // its holder looks after it
                }
                if (treat(session, now, others.contains(session.record().id()), due)) {
                    open--;
                }
            } catch (RuntimeException failed) {
                reason = unreadable++ == 0 ? failed.toString() : reason;
            }
        }
        SessionId last = page.size() < PAGE ? null : page.getLast().record().id();
        return new Page(due, last, open, unreadable, reason);
    }

    /** Sessions that other nodes look after, or nobody does. */
    private Set<SessionId> notHeld(List<StoredSession> page) {
        Nodes nodes = relay.nodes();
        return nodes == null || page.isEmpty()
                ? Set.of()
                : nodes.store()
                        .lost(page.stream().map(each -> each.record().id()).toList());
    }

    /** Sessions that seem to have expired and that other nodes hold. */
    private Set<SessionId> heldByOthers(List<StoredSession> page, Set<SessionId> others, long now) {
        Nodes nodes = relay.nodes();
        List<SessionId> idle = page.stream()
                .filter(session -> isIdle(session, now))
                .map(session -> session.record().id())
                .filter(others::contains)
                .toList();
        return nodes == null || idle.isEmpty() ? Set.of() : nodes.store().heldByOthers(idle);
    }

    private boolean isIdle(StoredSession session, long now) {
        return session.activity().lastActiveMillis() < idleSince(now);
    }

    private long idleSince(long now) {
        return now - limits.sessionIdle().toMillis();
    }

    /** Returns whether it has expired. */
    private boolean treat(StoredSession session, long now, boolean elsewhere, Map<SessionId, List<StoreWrite>> writes) {
        SessionId id = session.record().id();
        boolean mayExpire = nanoTime.getAsLong() - notBeforeNanos >= 0;
        if (mayExpire && isIdle(session, now)) {
            if (relay.sessions().expire(id, idleSince(now))) {
                relay.observer().sessionExpired();
                expired(session, now);
                return true;
            }
            return false;
        }
        if (elsewhere) {
            return false;
        }
        if (mayExpire) {
            List<StoreWrite> due = retention.due(id, now);
            due.forEach(this::tell);
            if (!due.isEmpty()) {
                writes.put(id, due);
            }
        }
        if (recovering && session.activity().lastActiveMillis() > now - RECOVERABLE_MILLIS && interrupted(id)) {
            relay.sessions().find(id, loop, found -> found.ifPresent(relay::takeUp), unreadable -> {});
        }
        return false;
    }

    private void expired(StoredSession session, long now) {
        long millis = now - session.record().createdAtMillis();
        String version = session.record().protocolVersion();
        relay.operations().sessionEnded(millis, version, null);
        Upstream target = relay.upstream(session.record().upstream());
        if (target != null && session.state().generation() == 1) {
            relay.operations().upstreamSessionEnded(target.peer(), millis, version, null);
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
