package dev.shadowcat.store.rocksdb;

import dev.shadowcat.store.StreamRecord.Phase;
import org.jspecify.annotations.Nullable;

/** What the appending thread remembers of one stream. */
final class StreamTail {
    static final int NONE = -1;

    final int number;
    boolean exists;
    Tail tail;
    TrimMark mark;

    @Nullable
    StreamTail next; // of the session's list

    private boolean open;
    private long batch;
    private long begunIn;
    private int firstPending = NONE;

    StreamTail(int number, boolean exists, Tail tail, TrimMark mark) {
        this.number = number;
        this.exists = exists;
        this.open = exists;
        this.tail = tail;
        this.mark = mark;
    }

    static StreamTail missing(int number) {
        return new StreamTail(number, false, Tail.EMPTY, TrimMark.NONE);
    }

    void begin(long currentBatch) {
        exists = true;
        begunIn = currentBatch;
        tail = Tail.EMPTY;
        mark = TrimMark.NONE;
        firstPending = NONE;
    }

    void end(long currentBatch) {
        begin(currentBatch);
        exists = false;
        open = false;
    }

    void phase(Phase phase) {
        open = phase == Phase.OPEN;
    }

    /** Whether events may come, so that it is worth remembering. */
    boolean isOpen() {
        return open;
    }

    /** Whether what the database holds under this number is not this stream: it begins in the batch under way. */
    boolean isNewIn(long currentBatch) {
        return begunIn == currentBatch;
    }

    /** Where in the batch under way the stream's first event stands; {@link #NONE} where it has none in it. */
    int firstPendingIn(long currentBatch) {
        return batch == currentBatch ? firstPending : NONE;
    }

    void appended(Tail newTail, long currentBatch, int index) {
        if (batch != currentBatch || firstPending == NONE) {
            batch = currentBatch;
            firstPending = index;
        }
        tail = newTail;
    }
}
