package dev.shadowcat.store.postgres;

import dev.shadowcat.event.Event;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StreamRecord;
import dev.shadowcat.store.StreamRecord.Phase;
import dev.shadowcat.store.postgres.StreamTail.Unsummed;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What becomes of one stream in a batch, write by write. One thread. */
final class StreamChange {
    final UUID session;
    final int number;
    /** What the database has; null where it has no such stream, or all of the session's go. */
    private final @Nullable StreamTail stored;

    private StreamTail tail;
    private boolean exists;
    private boolean continues; // with the events that are stored
    private boolean changed;
    private @Nullable StreamRecord record;
    private final List<Event> events = new ArrayList<>();

    StreamChange(UUID session, int number, @Nullable StreamTail stored) {
        this.session = session;
        this.number = number;
        this.stored = stored;
        this.tail = stored == null ? StreamTail.BEGINNING : stored;
        this.exists = stored != null;
        this.continues = exists;
    }

    void put(StreamRecord put) {
        exists = true;
        changed = true;
        record = put;
        tail = tail.withOpen(put.phase() == Phase.OPEN);
    }

    void append(Event event) {
        if (exists && event.sequence() > tail.lastSequence()) {
            tail = tail.with(event);
            events.add(event);
        }
    }

    void move(StoreWrite.MoveUpstreamCursor move) {
        if (exists) {
            changed = true;
            tail = tail.with(move);
        }
    }

    void trim(long throughSequence) {
        long through = Math.min(throughSequence, tail.lastSequence());
        if (!exists || through <= tail.trimmedThrough()) {
            return;
        }
        changed = true;
        tail = tail.trimmed(through);
        for (Event event : events) {
            if (isTrimmed(event)) {
                tail = tail.with(tail.unsummed().without(event));
            }
        }
        events.removeIf(this::isTrimmed);
    }

    private boolean isTrimmed(Event event) {
        return event.sequence() <= tail.trimmedThrough() && !event.answer();
    }

    void delete() {
        exists = false;
        continues = false;
        record = null;
        tail = StreamTail.BEGINNING;
        events.clear();
    }

    /** Says under which key the events of a stream that {@link #begins} will be kept. */
    void keyed(long key) {
        tail = tail.withKey(key);
    }

    /** Where the batch leaves it. */
    StreamTail tail() {
        return isInserted() || isUpdated() ? tail.with(Unsummed.NOTHING) : tail;
    }

    /** The record as put last; null where it stays as it is stored. */
    @Nullable
    StreamRecord record() {
        return record;
    }

    /** What is to be inserted, in order. */
    List<Event> events() {
        return events;
    }

    /** What the row has to count in. */
    Unsummed sum() {
        return tail.unsummed();
    }

    /** Whether it begins in this batch, for the first time or anew. */
    boolean begins() {
        return exists && !continues;
    }

    /** Whether it is there once the batch is stored. */
    boolean exists() {
        return exists;
    }

    boolean isInserted() {
        return exists && stored == null;
    }

    boolean isUpdated() {
        return exists && stored != null && (changed || tail.unsummed().isTooMuch());
    }

    boolean isDeleted() {
        return !exists && stored != null;
    }

    /** The key of stored events that go, all of them; 0 where none do. */
    long dropped() {
        return stored == null || continues ? 0 : stored.key();
    }

    /** Up to where its stored events were trimmed before, where this batch trims more of them; -1 where it does not. */
    long trimsFrom() {
        return stored == null || !continues || tail.trimmedThrough() == stored.trimmedThrough()
                ? -1
                : stored.trimmedThrough();
    }
}
