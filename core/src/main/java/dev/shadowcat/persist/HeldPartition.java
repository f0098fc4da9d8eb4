package dev.shadowcat.persist;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.Partition;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** A part of the store that fails, and the writes that wait for it, in order. The worker's thread only. */
final class HeldPartition {
    private final Partition part;
    private final Set<Lane> lanes = Collections.newSetFromMap(new IdentityHashMap<>());
    private final ArrayDeque<PendingWrite> waiting = new ArrayDeque<>();
    private final Map<SessionId, Integer> sessions = new HashMap<>(); // how many of each wait
    private final Map<SessionId, PendingWrite> deferred = new LinkedHashMap<>(); // the newest of each
    private final Backoff backoff;
    private long dueNanos;

    HeldPartition(Partition part, Backoff backoff) {
        this.part = part;
        this.backoff = backoff;
    }

    Partition part() {
        return part;
    }

    /** The lanes that have had writes here; guarded by the intake's lock where they change. */
    Set<Lane> lanes() {
        return lanes;
    }

    /** Whether writes of the session wait here. */
    boolean has(SessionId session) {
        return sessions.containsKey(session);
    }

    int size() {
        return waiting.size();
    }

    int deferredSize() {
        return deferred.size();
    }

    boolean isEmpty() {
        return waiting.isEmpty() && deferred.isEmpty();
    }

    void add(PendingWrite write) {
        waiting.addLast(write);
        sessions.merge(write.session(), 1, Integer::sum);
    }

    /** Takes a deferred write in, in place of an older one. */
    void addDeferred(PendingWrite write) {
        deferred.put(write.session(), write);
    }

    /** The next batch: as much as its bounds allow from the front, and with the last of it what is deferred. */
    List<PendingWrite> take(long batchBytes, int batchWrites) {
        List<PendingWrite> batch = new ArrayList<>();
        long bytes = 0;
        for (PendingWrite next = waiting.peekFirst(); next != null; next = waiting.peekFirst()) {
            bytes += next.bytes();
            if (!batch.isEmpty() && (bytes > batchBytes || batch.size() >= batchWrites)) {
                return batch;
            }
            waiting.removeFirst();
            left(next);
            batch.add(next);
        }
        for (Iterator<PendingWrite> each = deferred.values().iterator(); each.hasNext(); ) {
            PendingWrite next = each.next();
            bytes += next.bytes();
            if (!batch.isEmpty() && bytes > batchBytes) {
                return batch;
            }
            each.remove();
            batch.add(next);
        }
        return batch;
    }

    /** What was taken and found no fate comes back to the front. */
    void putBack(List<PendingWrite> taken) {
        for (int i = taken.size() - 1; i >= 0; i--) {
            PendingWrite write = taken.get(i);
            if (write.lane() == null) {
                deferred.putIfAbsent(write.session(), write);
                continue;
            }
            waiting.addFirst(write);
            sessions.merge(write.session(), 1, Integer::sum);
        }
    }

    /** Takes out what waits of some sessions, in order, what is deferred last. */
    List<PendingWrite> takeOut(Predicate<SessionId> which) {
        List<PendingWrite> out = new ArrayList<>();
        for (Iterator<PendingWrite> each = waiting.iterator(); each.hasNext(); ) {
            PendingWrite write = each.next();
            if (which.test(write.session())) {
                each.remove();
                left(write);
                out.add(write);
            }
        }
        for (Iterator<PendingWrite> each = deferred.values().iterator(); each.hasNext(); ) {
            PendingWrite write = each.next();
            if (which.test(write.session())) {
                each.remove();
                out.add(write);
            }
        }
        return out;
    }

    private void left(PendingWrite write) {
        sessions.computeIfPresent(write.session(), (session, count) -> count == 1 ? null : count - 1);
    }

    /** It failed: the next try is due after a pause, no shorter than the store asks for. */
    void failed(long nowNanos, long leastMillis) {
        dueNanos = nowNanos + Math.max(leastMillis, backoff.nextMillis()) * 1_000_000;
    }

    /** It works, at least for a part of what waits: the rest is due at once. */
    void worked(long nowNanos) {
        backoff.reset();
        dueNanos = nowNanos;
    }

    long nanosUntilDue(long nowNanos) {
        return Math.max(0, dueNanos - nowNanos);
    }

    /** No later than after so many milliseconds from now. */
    void hurry(long nowNanos, long millis) {
        if (nanosUntilDue(nowNanos) > millis * 1_000_000) {
            dueNanos = nowNanos + millis * 1_000_000;
        }
    }
}
