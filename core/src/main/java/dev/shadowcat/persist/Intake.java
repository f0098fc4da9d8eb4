package dev.shadowcat.persist;

import dev.shadowcat.observe.Observer;
import dev.shadowcat.store.StoreWrite;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bounded queue between all sessions and the worker. One lock guards it and every lane; nobody does I/O under it.
 *
 * <p>What the queue has no room for stays in its lane and moves up in turn, lane by lane, as the worker drains: so no
 * session holds more than an eighth of the queue while others wait, and no lane overtakes itself.
 */
final class Intake {
    private static final Logger log = LoggerFactory.getLogger(Intake.class);
    private static final int SHARE = 8;

    private final int capacity;
    private final long maxBytes;
    private final Observer observer;
    private final LongSupplier nanoTime;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    private final ArrayDeque<PendingWrite> queue = new ArrayDeque<>();
    private final ArrayDeque<Lane> waiting =
            new ArrayDeque<>(); // lanes with overflow, each once, longest waiting first
    private long bytes; // of the queue and of every overflow
    private int overflowing; // writes that the queue has no room for
    private boolean woken;
    private boolean ended;

    Intake(int capacity, long maxBytes, Observer observer, LongSupplier nanoTime) {
        this.capacity = capacity;
        this.maxBytes = maxBytes;
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
            bytes += pending.bytes();
            lane.unsettled(1);
            if (!lane.overflowing() && hasRoom(lane)) {
                enqueue(pending);
                return true;
            }
            if (!lane.overflowing()) {
                waiting.addLast(lane);
            }
            lane.overflow(pending);
            overflowing++;
        } finally {
            lock.unlock();
        }
        observer.backPressure();
        return false;
    }

    private void refuse(Lane lane, StoreWrite write, Completion completion) {
        String reason = ended ? "the gateway is shutting down" : "the session was deleted";
        lane.executor().execute(() -> completion.refused(write, reason));
    }

    private boolean hasRoom(Lane lane) {
        boolean shareLeft = waiting.isEmpty() || lane.queued() < Math.max(1, capacity / SHARE);
        return shareLeft && queue.size() < capacity && (bytes <= maxBytes || queue.isEmpty());
    }

    private void enqueue(PendingWrite pending) {
        queue.addLast(pending);
        pending.lane().queued(1);
        work.signal();
    }

    void closeLane(Lane lane, StoreWrite last, Completion completion) {
        List<PendingWrite> discarded = new ArrayList<>();
        lock.lock();
        try {
            if (lane.closed() || ended) {
                refuse(lane, last, completion);
                return;
            }
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
                overflowing--;
                discarded.add(left);
            }
            lane.relieved();
            for (PendingWrite pending : discarded) {
                bytes -= pending.bytes();
            }
            lane.closed(true);
            lane.unsettled(1 - discarded.size());
            PendingWrite pending = new PendingWrite(last, lane, completion, nanoTime.getAsLong());
            bytes += pending.bytes();
            enqueue(pending); // beyond the capacity if need be: one for each session at most
        } finally {
            lock.unlock();
        }
        if (!discarded.isEmpty()) {
            lane.executor()
                    .execute(() -> discarded.forEach(
                            each -> each.completion().refused(each.write(), "the session was deleted")));
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
                if (pending.lane().unsettled(-1) == 0) {
                    settled.add(pending.lane());
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
            while (queue.isEmpty() && !woken && !ended && left > 0) {
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

    /** Moves everything that waits into {@code batch}, up to {@code batchBytes}, and moves waiting lanes up. */
    void drain(List<PendingWrite> batch, long batchBytes) {
        List<Lane> relieved = new ArrayList<>(0);
        lock.lock();
        try {
            long taken = 0;
            for (PendingWrite next = queue.peekFirst(); next != null; next = queue.peekFirst()) {
                taken += next.bytes();
                if (taken > batchBytes && !batch.isEmpty()) {
                    break;
                }
                queue.removeFirst();
                bytes -= next.bytes();
                next.lane().queued(-1);
                batch.add(next);
            }
            moveUp(relieved);
        } finally {
            lock.unlock();
        }
        for (Lane lane : relieved) {
            try {
                lane.executor().execute(lane.listener()::roomAgain);
            } catch (RejectedExecutionException over) {
                log.debug("A lane has room again, but its loop has ended");
            }
        }
    }

    /** A lane is relieved only when the bytes of all are within their bound: else each turn would let one read more in. */
    private void moveUp(List<Lane> relieved) {
        for (int turns = waiting.size(); turns > 0 && queue.size() < capacity; turns--) {
            int share = waiting.size() > 1 ? Math.max(1, capacity / SHARE) : capacity;
            Lane lane = waiting.removeFirst();
            while (queue.size() < capacity && lane.queued() < share) {
                PendingWrite next = lane.takeOverflow();
                if (next == null) {
                    break;
                }
                overflowing--;
                enqueue(next);
            }
            if (lane.holdsOverflow() || bytes > maxBytes) {
                waiting.addLast(lane);
                continue;
            }
            lane.relieved();
            relieved.add(lane);
        }
    }

    /** Refuses every offer from now on; what waits can still be drained. */
    void end() {
        lock.lock();
        try {
            ended = true;
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

    /** Writes that wait, those that the queue has no room for included. */
    int waiting() {
        lock.lock();
        try {
            return queue.size() + overflowing;
        } finally {
            lock.unlock();
        }
    }

    /** Writes that wait in the queue; at most the capacity, and one delete for each session that ends. */
    int depth() {
        lock.lock();
        try {
            return queue.size();
        } finally {
            lock.unlock();
        }
    }

    long bytes() {
        lock.lock();
        try {
            return bytes;
        } finally {
            lock.unlock();
        }
    }
}
