package dev.shadowcat.persist;

import dev.shadowcat.observe.Dropped;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.store.StoreWrite;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bounded queue between all sessions and the worker. One lock guards it and every lane; nobody does I/O under it.
 *
 * <p>What the queue has no room for stays in its lane and moves up in turn, lane by lane, as the worker drains: so no
 * session holds more than an eighth of the queue while others wait, and no lane overtakes itself. What was drained and has to
 * wait for a part of the store that fails counts here as well, and what there is no room for goes back to its lane.
 */
final class Intake {
    private static final Logger log = LoggerFactory.getLogger(Intake.class);
    private static final int SHARE = 8;

    private final Observer observer;
    private final LongSupplier nanoTime;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    private final QueueBounds bounds;
    private final ArrayDeque<PendingWrite> queue = new ArrayDeque<>();
    private final ArrayDeque<Lane> waiting =
            new ArrayDeque<>(); // lanes with overflow, each once, longest waiting first
    private boolean woken;
    private boolean ended;

    Intake(int capacity, long maxBytes, Observer observer, LongSupplier nanoTime) {
        this.bounds = new QueueBounds(capacity, maxBytes);
        this.observer = observer;
        this.nanoTime = nanoTime;
    }

    boolean offer(Lane lane, StoreWrite write, Completion completion) {
        PendingWrite pending = new PendingWrite(write, lane, completion, nanoTime.getAsLong());
        lock.lock();
        try {
            if (lane.closed() || ended) {
                refuse(lane, write, completion);
                return true;
            }
            bounds.came(pending);
            lane.unsettled(1);
            if (!lane.overflowing() && hasRoom(lane)) {
                enqueue(pending);
                return true;
            }
            if (!lane.overflowing()) {
                waiting.addLast(lane);
            }
            lane.overflow(pending, pending.offeredNanos());
            bounds.overflows(pending, lane);
        } finally {
            lock.unlock();
        }
        observer.backPressure();
        return false;
    }

    private void refuse(Lane lane, StoreWrite write, Completion completion) {
        observer.dropped(ended ? Dropped.CLOSING : Dropped.SESSION_DELETED, 1);
        String reason = ended ? "the gateway is shutting down" : "the session was deleted";
        lane.executor().execute(() -> completion.refused(write, reason));
    }

    private boolean hasRoom(Lane lane) {
        boolean shareLeft = waiting.isEmpty() || lane.queued() < share();
        return shareLeft
                && bounds.roomFor(queue.size())
                && (bounds.bytesHaveRoom() || queue.isEmpty())
                && mayMove(lane);
    }

    private int share() {
        return Math.max(1, bounds.capacity() / SHARE);
    }

    private boolean mayMove(Lane lane) {
        return !lane.held() || !bounds.asideIsFull();
    }

    private void enqueue(PendingWrite pending) {
        queue.addLast(pending);
        lane(pending).queued(1);
        work.signal();
    }

    static Lane lane(PendingWrite pending) {
        return Objects.requireNonNull(pending.lane(), "a deferred write does not come by the queue");
    }

    void closeLane(Lane lane, StoreWrite last, Completion completion) {
        List<PendingWrite> discarded;
        lock.lock();
        try {
            if (lane.closed() || ended) {
                refuse(lane, last, completion);
                return;
            }
            discarded = discard(lane);
            PendingWrite pending = new PendingWrite(last, lane, completion, nanoTime.getAsLong());
            bounds.came(pending);
            lane.unsettled(1);
            enqueue(pending); // beyond the capacity if need be: one for each session at most
        } finally {
            lock.unlock();
        }
        tellDiscarded(lane, discarded, "the session was deleted");
    }

    void abandonLane(Lane lane) {
        List<PendingWrite> discarded;
        lock.lock();
        try {
            discarded = lane.closed() ? List.of() : discard(lane);
        } finally {
            lock.unlock();
        }
        tellDiscarded(lane, discarded, StoreWriter.LOST);
    }

    /** Closes a lane, and takes out what waits of it. */
    private List<PendingWrite> discard(Lane lane) {
        List<PendingWrite> discarded = new ArrayList<>();
        for (Iterator<PendingWrite> each = queue.iterator(); each.hasNext(); ) {
            PendingWrite pending = each.next();
            if (pending.lane() == lane) {
                each.remove();
                discarded.add(pending);
            }
        }
        lane.queued(-discarded.size());
        waiting.remove(lane);
        for (PendingWrite left = lane.takeOverflow(); left != null; left = lane.takeOverflow()) {
            bounds.overflowsNoMore(left, lane);
            discarded.add(left);
        }
        relieve(lane);
        discarded.forEach(bounds::left);
        lane.closed(true);
        lane.unsettled(-discarded.size());
        return discarded;
    }

    private void tellDiscarded(Lane lane, List<PendingWrite> discarded, String reason) {
        if (!discarded.isEmpty()) {
            observer.dropped(Dropped.SESSION_DELETED, discarded.size());
            lane.executor()
                    .execute(() -> discarded.forEach(each -> each.completion().refused(each.write(), reason)));
        }
    }

    boolean blocked(Lane lane) {
        lock.lock();
        try {
            return lane.overflowing();
        } finally {
            lock.unlock();
        }
    }

    boolean settled(Lane lane) {
        lock.lock();
        try {
            return lane.unsettled() == 0;
        } finally {
            lock.unlock();
        }
    }

    /** The completions of these have run. Returns the lanes of which nothing is under way any more. */
    List<Lane> settle(List<PendingWrite> completed) {
        List<Lane> settled = new ArrayList<>(2);
        lock.lock();
        try {
            for (PendingWrite pending : completed) {
                Lane lane = lane(pending);
                if (lane.unsettled(-1) == 0) {
                    settled.add(lane);
                }
            }
        } finally {
            lock.unlock();
        }
        return settled;
    }

    /** Waits until there is something to write, {@link #wake} or {@link #end} is called, or the time is over. */
    void await(long nanos) throws InterruptedException {
        lock.lock();
        try {
            long left = nanos;
            while (queue.isEmpty() && !woken && left > 0) {
                left = work.awaitNanos(left);
            }
            woken = false;
        } finally {
            lock.unlock();
        }
    }

    void wake() {
        lock.lock();
        try {
            woken = true;
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Moves what waits into {@code batch}, as long as that keeps within its bounds, and moves waiting lanes up. */
    void drain(List<PendingWrite> batch, long batchBytes, int batchWrites) {
        List<Lane> relieved = new ArrayList<>(0);
        lock.lock();
        try {
            long taken = 0;
            for (PendingWrite next = queue.peekFirst(); next != null; next = queue.peekFirst()) {
                taken += next.bytes();
                if (!batch.isEmpty() && (taken > batchBytes || batch.size() >= batchWrites)) {
                    break;
                }
                queue.removeFirst();
                bounds.left(next);
                lane(next).queued(-1);
                batch.add(next);
            }
            moveUp(relieved);
        } finally {
            lock.unlock();
        }
        tellOfRoom(relieved);
    }

    /** A lane is relieved only when the bytes of all are within their bound: else each turn would let one read more in. */
    private void moveUp(List<Lane> relieved) {
        for (int turns = waiting.size(); turns > 0 && bounds.roomFor(queue.size()); turns--) {
            int share = waiting.size() > 1 ? share() : bounds.capacity();
            Lane lane = waiting.removeFirst();
            while (bounds.roomFor(queue.size()) && lane.queued() < share && mayMove(lane)) {
                PendingWrite next = lane.takeOverflow();
                if (next == null) {
                    break;
                }
                bounds.overflowsNoMore(next, lane);
                enqueue(next);
            }
            if (lane.holdsOverflow() || !bounds.bytesHaveRoom()) {
                waiting.addLast(lane);
                continue;
            }
            relieve(lane);
            relieved.add(lane);
        }
    }

    private void relieve(Lane lane) {
        if (lane.overflowing()) {
            long now = nanoTime.getAsLong();
            observer.backPressureEnded(now - lane.relieved(now));
        }
    }

    private static void tellOfRoom(List<Lane> relieved) {
        for (Lane lane : relieved) {
            try {
                lane.executor().execute(lane.listener()::roomAgain);
            } catch (RejectedExecutionException over) {
                log.debug("A lane has room again, but its loop has ended");
            }
        }
    }

    /**
     * Counts drained writes that have to wait for their part of the store. Those that there is no room for go back to where
     * they came from, before everything else of their lanes.
     *
     * @param holding lanes that this part holds already; those of the writes are added
     * @param atLeast how many are taken even where there is no room
     * @return how many of the first ones wait aside now
     */
    int setAside(List<PendingWrite> drained, Set<Lane> holding, int atLeast) {
        lock.lock();
        try {
            holdAll(drained, holding);
            int taken = 0;
            while (taken < drained.size() && (taken < atLeast || !bounds.asideIsFull())) {
                bounds.goesAside(drained.get(taken));
                taken++;
            }
            giveBack(drained.subList(taken, drained.size()));
            return taken;
        } finally {
            lock.unlock();
        }
    }

    /** These wait aside already, and from now on for one more part of the store. */
    void alsoHold(List<PendingWrite> waitingAside, Set<Lane> holding) {
        lock.lock();
        try {
            holdAll(waitingAside, holding);
        } finally {
            lock.unlock();
        }
    }

    private void holdAll(List<PendingWrite> writes, Set<Lane> holding) {
        for (PendingWrite pending : writes) {
            if (holding.add(lane(pending))) {
                bounds.hold(lane(pending), 1);
            }
        }
    }

    private void giveBack(List<PendingWrite> drained) {
        if (drained.isEmpty()) {
            return;
        }
        Set<Lane> lanes = new HashSet<>();
        drained.forEach(pending -> lanes.add(lane(pending)));
        // What has moved up behind them since goes back too, or it would overtake them.
        for (Iterator<PendingWrite> each = queue.descendingIterator(); each.hasNext(); ) {
            PendingWrite later = each.next();
            if (lanes.contains(lane(later))) {
                each.remove();
                lane(later).queued(-1);
                bounds.left(later);
                giveBack(later);
            }
        }
        for (int i = drained.size() - 1; i >= 0; i--) {
            giveBack(drained.get(i));
        }
    }

    private void giveBack(PendingWrite pending) {
        Lane lane = lane(pending);
        if (!lane.overflowing()) {
            waiting.addLast(lane);
        }
        lane.giveBack(pending, nanoTime.getAsLong());
        bounds.came(pending);
        bounds.overflows(pending, lane);
    }

    /** Whether writes of the lane wait aside, for a part of the store that fails. */
    boolean isHeld(Lane lane) {
        lock.lock();
        try {
            return lane.held();
        } finally {
            lock.unlock();
        }
    }

    /** Copies what waits, in the order of each lane. */
    void copyTo(List<PendingWrite> copy) {
        lock.lock();
        try {
            copy.addAll(queue);
            waiting.forEach(lane -> lane.copyOverflow(copy));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Where lanes wait for room: lets go of events in the queue that were sent on, all but answers, and leaves one gap in the
     * place of each stream's.
     */
    void makeRoom(Set<PendingWrite> sent) {
        List<Lane> relieved = new ArrayList<>(0);
        lock.lock();
        try {
            if (!waiting.isEmpty()) {
                Gaps gaps = new Gaps(sent);
                List<PendingWrite> rest = gaps.collapse(queue);
                if (gaps.letGo() > 0) {
                    observer.dropped(Dropped.SENT_UNSTORED, gaps.letGo());
                }
                for (PendingWrite gone : queue) {
                    bounds.left(gone);
                    lane(gone).queued(-1);
                    lane(gone).unsettled(-1);
                }
                queue.clear();
                for (PendingWrite kept : rest) {
                    bounds.came(kept);
                    lane(kept).unsettled(1);
                    enqueue(kept);
                }
                moveUp(relieved);
            }
        } finally {
            lock.unlock();
        }
        tellOfRoom(relieved);
    }

    /** The fate of these is known: they wait aside no longer. */
    void leaveAside(List<PendingWrite> left) {
        lock.lock();
        try {
            left.forEach(bounds::leavesAside);
        } finally {
            lock.unlock();
        }
    }

    /** Nothing of these lanes waits any more for one part of the store. */
    void release(Set<Lane> lanes) {
        List<Lane> relieved = new ArrayList<>(0);
        lock.lock();
        try {
            lanes.forEach(lane -> bounds.hold(lane, -1));
            moveUp(relieved);
        } finally {
            lock.unlock();
        }
        tellOfRoom(relieved);
    }

    /** Other bounds: what waits beyond smaller ones goes on waiting. */
    void tune(int capacity, long maxBytes) {
        lock.lock();
        try {
            bounds.tune(capacity, maxBytes);
        } finally {
            lock.unlock();
        }
    }

    /** Refuses every offer from now on; what waits can still be drained. */
    void end() {
        lock.lock();
        try {
            ended = true;
            woken = true; // once: from then on the worker sleeps as before, until what is aside is due
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    boolean ended() {
        lock.lock();
        try {
            return ended;
        } finally {
            lock.unlock();
        }
    }

    /** Writes that wait: in the queue, aside, and those that there is no room for. */
    int waiting() {
        return (int) counted(own -> queue.size() + own.aside() + (long) own.overflowing());
    }

    /**
     * Writes that wait in the queue or aside; at most the capacity, and beyond it one delete for each session that ends and
     * one write for each part of the store that fails.
     */
    int depth() {
        return (int) counted(own -> queue.size() + (long) own.aside());
    }

    /** Writes that wait for a part of the store that fails. */
    int aside() {
        return (int) counted(QueueBounds::aside);
    }

    long bytes() {
        return counted(QueueBounds::bytes);
    }

    private long counted(ToLongFunction<QueueBounds> count) {
        lock.lock();
        try {
            return count.applyAsLong(bounds);
        } finally {
            lock.unlock();
        }
    }
}
