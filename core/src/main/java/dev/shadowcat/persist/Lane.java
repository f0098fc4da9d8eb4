package dev.shadowcat.persist;

import dev.shadowcat.store.StoreWrite;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * One session's way into the queue: keeps the order of its writes, and holds what the queue has no room for until it has.
 * Offers come from the session's own thread.
 */
public final class Lane {
    private final Intake intake;
    private final Executor executor;
    private final Listener listener;

    // All below: guarded by the intake's lock.
    private @Nullable Overflow overflow;
    private int queued;
    private int unsettled; // offered, and nobody has heard of its fate yet
    private int held; // parts of the store that fail while writes of this lane wait for them
    private boolean closed;

    /** Whoever writes by a lane. Called on the lane's executor. */
    public interface Listener {
        /** For writes whose writer waits for nothing. */
        Listener NOBODY = new Listener() {
            @Override
            public void roomAgain() {}

            @Override
            public void settled() {}
        };

        /** A lane that refused has room again. */
        void roomAgain();

        /** The fate of every write that was offered is known. */
        void settled();

        /** Another node holds the session: this lane's writes are taken no longer. Told before the writes that it concerns. */
        default void lost() {}
    }

    /** What the queue has no room for, since when. */
    private static final class Overflow extends ArrayDeque<PendingWrite> {
        private static final long serialVersionUID = 1;

        final long sinceNanos;

        Overflow(long sinceNanos) {
            super(4);
            this.sinceNanos = sinceNanos;
        }
    }

    Lane(Intake intake, Executor executor, Listener listener) {
        this.intake = intake;
        this.executor = executor;
        this.listener = listener;
    }

    /**
     * Hands a write over. It is never dropped; but where the answer is false there was no room for it in the queue, and
     * whoever produces writes must stop until the lane's listener hears of room.
     */
    public boolean offer(StoreWrite write, Completion completion) {
        return intake.offer(this, write, completion);
    }

    /** Ends the lane: what still waits is discarded (its completions hear of a refusal), then {@code last} is stored. */
    public void close(StoreWrite last, Completion completion) {
        intake.closeLane(this, last, completion);
    }

    /** Ends the lane without a last word: what still waits is discarded (its completions hear of a refusal). */
    public void abandon() {
        intake.abandonLane(this);
    }

    /** Whether the lane has writes that the queue had no room for. */
    public boolean blocked() {
        return intake.blocked(this);
    }

    /** Whether the fate of every write that was offered is known: the store is as new as whoever wrote. */
    public boolean settled() {
        return intake.settled(this);
    }

    Executor executor() {
        return executor;
    }

    Listener listener() {
        return listener;
    }

    int unsettled() {
        return unsettled;
    }

    int unsettled(int change) {
        unsettled += change;
        return unsettled;
    }

    boolean closed() {
        return closed;
    }

    void closed(boolean value) {
        closed = value;
    }

    int queued() {
        return queued;
    }

    void queued(int change) {
        queued += change;
    }

    /** Whether writes of it wait aside, and whatever follows them must not overtake them. */
    boolean held() {
        return held > 0;
    }

    void held(int change) {
        held += change;
    }

    boolean overflowing() {
        return overflow != null;
    }

    void overflow(PendingWrite write, long nowNanos) {
        if (overflow == null) {
            overflow = new Overflow(nowNanos);
        }
        overflow.addLast(write);
    }

    /** The first write that the queue had no room for; the lane stays blocked until it is {@link #relieved}. */
    @Nullable
    PendingWrite takeOverflow() {
        return overflow == null ? null : overflow.pollFirst();
    }

    /** Puts a write before everything else that the queue has no room for. */
    void giveBack(PendingWrite write, long nowNanos) {
        if (overflow == null) {
            overflow = new Overflow(nowNanos);
        }
        overflow.addFirst(write);
    }

    void copyOverflow(List<PendingWrite> copy) {
        if (overflow != null) {
            copy.addAll(overflow);
        }
    }

    long overflowBytes() {
        long bytes = 0;
        if (overflow != null) {
            for (PendingWrite write : overflow) {
                bytes += write.bytes();
            }
        }
        return bytes;
    }

    boolean holdsOverflow() {
        return overflow != null && !overflow.isEmpty();
    }

    /** The queue has room for it again; returns since when it had none. */
    long relieved(long nowNanos) {
        long since = overflow == null ? nowNanos : overflow.sinceNanos;
        overflow = null;
        return since;
    }
}
