package dev.shadowcat.persist;

import dev.shadowcat.observe.Observer;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import dev.shadowcat.store.StoreWrite.PutStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Offers what waits for a failing store to its streams, which may begin and send events on without an id, to whoever is there
 * and to whoever comes. What was sent on stays in the queue as long as there is room: then the store gets it after all. Where
 * there is none, a gap takes its place, except in the place of an answer. The worker's thread, unless said otherwise.
 */
final class UnstoredEvents {
    private static final Logger log = LoggerFactory.getLogger(UnstoredEvents.class);

    private final Intake intake;
    private final UnstoredMarks marks;
    private final Observer observer;
    private final Set<PendingWrite> sent = Collections.newSetFromMap(new IdentityHashMap<>()); // and still queued
    private final Queue<PendingWrite> reported = new ConcurrentLinkedQueue<>(); // by the loops
    private final Set<Executor> asked = ConcurrentHashMap.newKeySet(); // loops that have not answered yet
    private boolean marked;

    /**
     * A write that a stream is asked about.
     *
     * @param after the stream's event that waits before it; 0 where none does
     */
    private record Offered(PendingWrite pending, long after) {}

    UnstoredEvents(Intake intake, UnstoredMarks marks, Observer observer) {
        this.intake = intake;
        this.marks = marks;
        this.observer = observer;
    }

    /** Asks each stream whether it may send on what waits; one task for each loop, and none for one that has not answered. */
    void offer(List<PendingWrite> batch) {
        for (PendingWrite one = reported.poll(); one != null; one = reported.poll()) {
            sent.add(one);
        }
        intake.makeRoom(sent);
        List<PendingWrite> waiting = new ArrayList<>(batch);
        intake.copyTo(waiting);
        forgetAllBut(waiting);
        Map<Executor, List<Offered>> byLoop = new LinkedHashMap<>();
        Map<StreamKey, Long> newest = new HashMap<>(); // of the events so far
        for (PendingWrite pending : waiting) {
            Lane lane = pending.lane();
            Offered offered = lane == null ? null : offered(pending, lane, newest);
            if (lane != null && offered != null) {
                byLoop.computeIfAbsent(lane.executor(), _ -> new ArrayList<>()).add(offered);
            }
        }
        byLoop.forEach(this::ask);
    }

    /** What a stream is asked; null where nobody is to hear of the write before it is stored. */
    private @Nullable Offered offered(PendingWrite pending, Lane lane, Map<StreamKey, Long> newest) {
        return switch (pending.write()) {
            case AppendEvent append -> {
                Long before = newest.put(StreamKey.of(append), append.event().sequence());
                if (before == null && append.event().gap() && intake.isHeld(lane)) {
                    yield null; // what it follows waits for a part of the store, and is not seen here
                }
                if (before == null) {
                    marks.begin(append.session(), append.stream()); // before anyone is shown it
                    marked = true;
                }
                yield new Offered(pending, before == null ? 0 : before);
            }
            case PutStream _ -> new Offered(pending, 0);
            default -> null;
        };
    }

    /** What was let go for room is of no interest any more: however long the store fails, no more is kept than waits. */
    private void forgetAllBut(List<PendingWrite> waiting) {
        Set<PendingWrite> same = Collections.newSetFromMap(new IdentityHashMap<>());
        same.addAll(waiting);
        sent.retainAll(same);
    }

    /** Events that were sent on and wait for the store yet. */
    int size() {
        return sent.size();
    }

    private void ask(Executor loop, List<Offered> writes) {
        if (!asked.add(loop)) {
            return;
        }
        try {
            loop.execute(() -> sendOn(loop, writes));
        } catch (RejectedExecutionException over) {
            asked.remove(loop);
            log.debug("{} writes wait for a loop that has ended", writes.size());
        }
    }

    /** The loop of the lanes. */
    private void sendOn(Executor loop, List<Offered> writes) {
        int count = 0;
        try {
            for (Offered each : writes) {
                PendingWrite pending = each.pending();
                if (pending.write() instanceof AppendEvent append
                        && append.event().gap()) {
                    pending.completion().unstoredGap(append, each.after());
                } else if (pending.completion().unstored(pending.write())) {
                    reported.add(pending);
                    count++;
                }
            }
        } finally {
            asked.remove(loop);
            if (count > 0) {
                observer.unstoredDelivered(count);
            }
        }
    }

    /** Whether anything may have been sent on since {@link #allStored}. */
    boolean marked() {
        return marked;
    }

    /** Nothing waits any more. */
    void allStored() {
        marked = false;
        marks.clear();
    }

    /** The store works again: what waits goes there, sent on or not. */
    void over() {
        reported.clear();
        sent.clear();
    }
}
