package dev.shadowcat.store;

import dev.shadowcat.event.Event;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One stream of a {@link MemoryStore} and the events it still has; guarded by the store's lock. */
final class MemoryStream {
    private final NavigableMap<Long, EventRing.Slot> events = new TreeMap<>();
    StreamRecord record;
    private long trimmedThrough;
    private long lastSequence;
    private long bytes;
    private long answerBytes;
    private long newestUpstreamIdAt;
    private @Nullable String newestUpstreamId;
    private long movedAfter;
    private @Nullable String movedCursor;

    MemoryStream(StreamRecord record) {
        this.record = record;
    }

    void append(Event event, EventRing ring) {
        if (event.sequence() <= lastSequence) {
            return;
        }
        lastSequence = event.sequence();
        if (event.upstreamId() != null) {
            newestUpstreamIdAt = event.sequence();
            newestUpstreamId = event.upstreamId();
        }
        count(event, event.bytes());
        EventRing.Slot slot = ring.add(this, event);
        events.put(event.sequence(), slot);
        ring.shrinkAround(slot);
    }

    void move(StoreWrite.MoveUpstreamCursor move) {
        movedAfter = move.afterSequence();
        movedCursor = move.cursor();
    }

    void trim(long throughSequence, EventRing ring) {
        long through = Math.min(throughSequence, lastSequence);
        Iterator<EventRing.Slot> old = events.headMap(through, true).values().iterator();
        while (old.hasNext()) {
            EventRing.Slot slot = old.next();
            if (!slot.event.answer()) {
                old.remove();
                count(slot.event, -slot.event.bytes());
                ring.remove(slot);
            }
        }
        trimmedThrough = Math.max(trimmedThrough, through);
    }

    /** Called by the ring, which has let go of the event already. */
    void evicted(Event event) {
        events.remove(event.sequence());
        count(event, -event.bytes());
        trimmedThrough = Math.max(trimmedThrough, event.sequence());
    }

    private void count(Event event, int more) {
        bytes += more;
        answerBytes += event.answer() ? more : 0;
    }

    void clear(EventRing ring) {
        events.values().forEach(ring::remove);
        events.clear();
    }

    List<Event> read(long afterSequence, int maxEvents, long maxBytes) {
        List<Event> found = new ArrayList<>();
        long foundBytes = 0;
        for (EventRing.Slot slot : events.tailMap(afterSequence, false).values()) {
            if (found.size() >= maxEvents || (foundBytes >= maxBytes && !found.isEmpty())) {
                break;
            }
            found.add(slot.event);
            foundBytes += slot.event.bytes();
        }
        return found;
    }

    StoredStream stored() {
        boolean moved = movedCursor != null && movedAfter >= newestUpstreamIdAt;
        String cursor = moved ? movedCursor : newestUpstreamId;
        return new StoredStream(record, trimmedThrough, lastSequence, cursor, bytes, answerBytes);
    }
}
