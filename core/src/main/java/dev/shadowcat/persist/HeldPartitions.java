package dev.shadowcat.persist;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.observe.Dropped;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.Partition;
import dev.shadowcat.store.StoreWrite;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The parts of the store that fail while the rest works. What is written to them waits aside, in order, and is tried again by
 * time, so that nobody else waits. What waits of one session waits in one part. The worker's thread only.
 */
final class HeldPartitions {
    private static final Logger log = LoggerFactory.getLogger(HeldPartitions.class);
    private static final String DELETED = "the session was deleted";

    private final Map<Partition, HeldPartition> parts = new LinkedHashMap<>();
    private final Intake intake;
    private final Deliveries deliveries;
    private final Supplier<Backoff> backoffs;
    private final Observer observer;
    private final LongSupplier nanoTime;
    private final IntSupplier deferredLimit;
    private volatile int deferredWaiting;
    private volatile List<Partition> failing = List.of();
    private volatile List<Partition> full = List.of();

    HeldPartitions(
            Intake intake,
            Deliveries deliveries,
            Supplier<Backoff> backoffs,
            Observer observer,
            LongSupplier nanoTime,
            IntSupplier deferredLimit) {
        this.intake = intake;
        this.deliveries = deliveries;
        this.backoffs = backoffs;
        this.observer = observer;
        this.nanoTime = nanoTime;
        this.deferredLimit = deferredLimit;
    }

    boolean isEmpty() {
        return parts.isEmpty();
    }

    /** How many parts fail now. Any thread. */
    int failing() {
        return failing.size();
    }

    /** Whether the part that a session is kept in is one of them. Any thread. */
    boolean fails(SessionId session) {
        return holds(failing, session);
    }

    /**
     * Whether so many deferred writes wait for the part that a session is kept in that it is to offer no new one. Those that it
     * offered before are taken all the same: it was told so. Any thread.
     */
    boolean isFull(SessionId session) {
        return holds(full, session);
    }

    private static boolean holds(List<Partition> parts, SessionId session) {
        for (Partition part : parts) {
            if (part.holds(session)) {
                return true;
            }
        }
        return false;
    }

    /** Deferred writes that wait for a part. Any thread. */
    int deferredWaiting() {
        return deferredWaiting;
    }

    /** Moves out of a batch what has to wait behind writes that wait already. */
    void route(List<PendingWrite> batch) {
        if (parts.isEmpty()) {
            return;
        }
        Map<HeldPartition, List<PendingWrite>> routed = new LinkedHashMap<>();
        batch.removeIf(write -> {
            HeldPartition part = of(write.session());
            if (part == null) {
                return false;
            }
            routed.computeIfAbsent(part, _ -> new ArrayList<>()).add(write);
            return true;
        });
        routed.forEach(this::add);
    }

    private @Nullable HeldPartition of(SessionId session) {
        HeldPartition kept = null;
        for (HeldPartition part : parts.values()) {
            if (part.has(session)) {
                return part;
            }
            kept = kept == null && part.part().holds(session) ? part : kept;
        }
        return kept;
    }

    /** A part of the store failed: these writes, whose fate is open, wait for it from now on. */
    void hold(AppendOutcome.Busy busy, List<PendingWrite> writes) {
        add(failed(busy), writes);
    }

    private HeldPartition failed(AppendOutcome.Busy busy) {
        HeldPartition known = parts.get(busy.part());
        if (known != null) {
            return known; // its next try has its time already
        }
        log.warn(
                "{} takes no writes: {}. They wait; all others go on",
                busy.part().name(),
                busy.reason());
        HeldPartition part = new HeldPartition(busy.part(), backoffs.get());
        part.failed(nanoTime.getAsLong(), busy.retryAfter().toMillis());
        parts.put(busy.part(), part);
        failing = List.copyOf(parts.keySet());
        return part;
    }

    private void add(HeldPartition part, List<PendingWrite> writes) {
        List<PendingWrite> awaited = new ArrayList<>(writes.size());
        for (PendingWrite write : writes) {
            if (write.lane() == null) {
                part.addDeferred(write);
                continue;
            }
            if (write.write() instanceof StoreWrite.DeleteSession) {
                discard(part, write.session());
            }
            awaited.add(write);
        }
        int room = intake.setAside(awaited, part.lanes(), part.size() == 0 ? 1 : 0);
        awaited.subList(0, room).forEach(part::add);
        count();
    }

    /** A session ends: what waits of it is of no use any more. */
    private void discard(HeldPartition part, SessionId session) {
        List<PendingWrite> discarded = new ArrayList<>(part.takeOut(session::equals));
        discarded.removeIf(write -> write.lane() == null);
        intake.leaveAside(discarded);
        observer.dropped(Dropped.SESSION_DELETED, discarded.size());
        deliveries.refused(discarded, DELETED);
    }

    /** The part that is due now, the one due longest first; null where none is. */
    @Nullable
    HeldPartition due() {
        long now = nanoTime.getAsLong();
        HeldPartition next = null;
        for (HeldPartition part : parts.values()) {
            if (next == null || part.nanosUntilDue(now) < next.nanosUntilDue(now)) {
                next = part;
            }
        }
        return next != null && next.nanosUntilDue(now) == 0 ? next : null;
    }

    long nanosUntilDue() {
        long least = Long.MAX_VALUE;
        if (!parts.isEmpty()) {
            long now = nanoTime.getAsLong();
            for (HeldPartition part : parts.values()) {
                least = Math.min(least, part.nanosUntilDue(now));
            }
        }
        return least;
    }

    /** The worker closes: no part waits longer than this for its next try. */
    void hurry(long millis) {
        long now = nanoTime.getAsLong();
        parts.values().forEach(part -> part.hurry(now, millis));
    }

    /** A part was tried again; these of what was taken from it have their fate now, all of it where nothing failed. */
    void tried(HeldPartition part, List<PendingWrite> fated, AppendOutcome.@Nullable Busy busy) {
        List<PendingWrite> awaited = new ArrayList<>(fated);
        awaited.removeIf(write -> write.lane() == null);
        intake.leaveAside(awaited);
        if (busy == null || split(part, busy)) {
            part.worked(nanoTime.getAsLong());
        } else {
            part.failed(nanoTime.getAsLong(), busy.retryAfter().toMillis());
        }
        if (part.isEmpty()) {
            parts.remove(part.part());
            failing = List.copyOf(parts.keySet());
            intake.release(part.lanes());
            log.info("{} takes writes again", part.part().name());
        }
        count();
    }

    /** Another part fails among what waited for this one: only what it holds goes on waiting. */
    private boolean split(HeldPartition part, AppendOutcome.Busy busy) {
        if (busy.part() instanceof Partition.Whole || busy.part().equals(part.part())) {
            return false;
        }
        List<PendingWrite> moved = part.takeOut(busy.part()::holds);
        if (moved.isEmpty()) {
            return false;
        }
        HeldPartition other = failed(busy);
        List<PendingWrite> awaited = new ArrayList<>(moved.size());
        for (PendingWrite write : moved) {
            if (write.lane() == null) {
                other.addDeferred(write);
            } else {
                awaited.add(write);
            }
        }
        intake.alsoHold(awaited, other.lanes());
        awaited.forEach(other::add);
        return true;
    }

    private void count() {
        int waiting = 0;
        List<Partition> now = new ArrayList<>(0);
        for (HeldPartition part : parts.values()) {
            waiting += part.deferredSize();
            if (part.deferredSize() >= deferredLimit.getAsInt()) {
                now.add(part.part());
            }
        }
        deferredWaiting = waiting;
        full = List.copyOf(now);
    }
}
