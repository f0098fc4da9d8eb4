package dev.shadowcat.store.rocksdb;

import org.jspecify.annotations.Nullable;

/**
 * What the appending thread remembers of one session, so that it need not read before it writes: a list of the streams in
 * use, the one used last in front. There is one of these for each live session, so it is kept small.
 */
final class SessionTails {
    private static final int NOTHING_KNOWN = Integer.MAX_VALUE;

    boolean exists;
    private long batch;
    private boolean writtenInBatch;
    private int size;
    private boolean someEnded;
    private @Nullable StreamTail newest;
    /** A stream above this number that is not in the list does not exist. */
    private int knownAbove = NOTHING_KNOWN;

    SessionTails(boolean exists) {
        this.exists = exists;
    }

    /**
     * Called at each use.
     *
     * @return by how many the list became shorter; only between batches, since an unwritten batch is visible nowhere else
     */
    int usedIn(long currentBatch) {
        if (batch == currentBatch) {
            writtenInBatch = true;
            return 0;
        }
        batch = currentBatch;
        writtenInBatch = false;
        return someEnded ? forgetEnded() : 0;
    }

    /** Whether the batch under way changed something of this session before. */
    boolean isWrittenInBatch() {
        return writtenInBatch;
    }

    /** To be called when a stream's record says that no event comes any more, or that the stream is gone. */
    void noteEnd() {
        someEnded = true;
    }

    private int forgetEnded() {
        someEnded = false;
        int before = size;
        StreamTail kept = null;
        size = 0;
        for (StreamTail stream = newest; stream != null; ) {
            StreamTail next = stream.next;
            if (stream.isOpen()) {
                stream.next = kept;
                kept = stream;
                size++;
            } else {
                knownAbove = Math.max(knownAbove, stream.number);
            }
            stream = next;
        }
        newest = kept;
        return before - size;
    }

    int size() {
        return size;
    }

    @Nullable
    StreamTail find(int number) {
        StreamTail before = null;
        for (StreamTail stream = newest; stream != null; stream = stream.next) {
            if (stream.number == number) {
                if (before != null) {
                    before.next = stream.next;
                    stream.next = newest;
                    newest = stream;
                }
                return stream;
            }
            before = stream;
        }
        return null;
    }

    boolean isKnownMissing(int number) {
        return number > knownAbove;
    }

    void add(StreamTail stream) {
        stream.next = newest;
        newest = stream;
        size++;
    }

    /** The session begins or ends: it has no stream, and that is known. */
    int becomeEmpty(boolean nowExists) {
        int before = size;
        exists = nowExists;
        knownAbove = -1;
        newest = null;
        size = 0;
        return before;
    }
}
