package dev.shadowcat.session;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoreWrite.TrimStream;
import dev.shadowcat.store.StoredStream;
import dev.shadowcat.store.StreamRecord.Phase;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Finds what of a session's events may go: those that are too old, and the oldest where all of them together are too much. An
 * answer goes only with its whole stream, by age, and does not count towards what is too much. Reads the store and says what is to be written; blocks, so not on a loop.
 */
public final class Retention {
    private static final int PAGE = 256;
    private static final long PAGE_BYTES = 1 << 20;

    private final EventStore store;
    private final RetentionLimits limits;

    public Retention(EventStore store, RetentionLimits limits) {
        this.store = store;
        this.limits = limits;
    }

    /** The writes that bring a session within its limits; empty where it is. */
    public List<StoreWrite> due(SessionId session, long nowMillis) {
        long cutoff = nowMillis - limits.eventsFor().toMillis();
        List<StoreWrite> writes = new ArrayList<>(0);
        List<StoredStream> kept = new ArrayList<>();
        for (StoredStream stream : store.streams(session)) {
            if (stream.record().phase() != Phase.OPEN && newestMillis(session, stream) <= cutoff) {
                writes.add(new StoreWrite.DeleteStream(session, stream.record().number()));
                continue;
            }
            kept.add(stream);
            trim(session, stream, agedThrough(session, stream, cutoff), writes);
        }
        if (writes.isEmpty()) { // else the next walk sees how much is left
            writes.addAll(size(session, kept).due());
        }
        return writes;
    }

    /**
     * How much the store has of a session, answers aside.
     *
     * @param due what brings it within its limit; empty where it is
     * @param left bytes that are left then
     */
    public record Size(List<TrimStream> due, long left) {}

    /** Compares what the store has of a session with its limit. */
    public Size size(SessionId session) {
        return size(session, new ArrayList<>(store.streams(session)));
    }

    private long newestMillis(SessionId session, StoredStream stream) {
        long created = stream.record().createdAtMillis();
        if (stream.lastSequence() == 0) {
            return created;
        }
        List<Event> newest = store.read(session, stream.record().number(), stream.lastSequence() - 1, 1, PAGE_BYTES);
        return newest.isEmpty() ? created : newest.getFirst().storedAtMillis();
    }

    private long agedThrough(SessionId session, StoredStream stream, long cutoff) {
        long through = stream.trimmedThrough();
        while (true) {
            List<Event> page = store.read(session, stream.record().number(), through, PAGE, PAGE_BYTES);
            for (Event event : page) {
                if (event.storedAtMillis() > cutoff) {
                    return through;
                }
                through = event.sequence();
            }
            if (page.isEmpty()) {
                return through;
            }
        }
    }

    private Size size(SessionId session, List<StoredStream> streams) {
        List<TrimStream> due = new ArrayList<>(0);
        long excess = streams.stream().mapToLong(StoredStream::trimmableBytes).sum() - limits.bytesPerSession();
        if (excess > 0) {
            streams.sort(Comparator.comparingLong(stream -> stream.record().createdAtMillis()));
            for (StoredStream stream : streams) {
                excess = excess > 0 && stream.trimmableBytes() > 0 ? trimBy(excess, session, stream, due) : excess;
            }
        }
        return new Size(due, limits.bytesPerSession() + excess);
    }

    /** Trims a stream until so many bytes are gone, or nothing but answers is left; returns what is still too much. */
    private long trimBy(long excess, SessionId session, StoredStream stream, List<TrimStream> due) {
        long left = excess;
        long through = stream.trimmedThrough();
        List<Event> page = store.read(session, stream.record().number(), through, PAGE, PAGE_BYTES);
        while (left > 0 && !page.isEmpty()) {
            for (Event event : page) {
                through = event.sequence();
                left -= event.answer() ? 0 : event.bytes();
                if (left <= 0) {
                    break;
                }
            }
            page = store.read(session, stream.record().number(), through, PAGE, PAGE_BYTES);
        }
        if (left < excess) {
            trim(session, stream, through, due);
        }
        return left;
    }

    private static void trim(SessionId session, StoredStream stream, long through, List<? super TrimStream> writes) {
        if (through > stream.trimmedThrough()) {
            writes.add(new TrimStream(session, stream.record().number(), through));
        }
    }
}
