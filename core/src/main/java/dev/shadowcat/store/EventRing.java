package dev.shadowcat.store;

import dev.shadowcat.event.Event;
import org.jspecify.annotations.Nullable;

/** All events of a {@link MemoryStore} in the order of their age, and the bound on their bytes; guarded by the store's lock. */
final class EventRing {
    private final long maxBytes;
    private final AgeList others = new AgeList();
    private final AgeList answers = new AgeList();
    private long bytes;

    EventRing(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    Slot add(MemoryStream stream, Event event) {
        Slot slot = new Slot(stream, event);
        listOf(slot).addNewest(slot);
        bytes += event.bytes();
        return slot;
    }

    void remove(Slot slot) {
        listOf(slot).remove(slot);
        bytes -= slot.event.bytes();
    }

    /** Lets the oldest go until the bound holds; the newest of all stays, however large it is. */
    void shrinkAround(Slot newest) {
        while (bytes > maxBytes) {
            Slot oldest = others.oldest == newest ? null : others.oldest;
            if (oldest == null) {
                oldest = answers.oldest;
            }
            if (oldest == null || oldest == newest) {
                return;
            }
            remove(oldest);
            oldest.stream.evicted(oldest.event);
        }
    }

    private AgeList listOf(Slot slot) {
        return slot.event.answer() ? answers : others;
    }

    /** An event in the ring, linked to its neighbours in age, so that any can leave at once. */
    static final class Slot {
        final Event event;
        private final MemoryStream stream;
        private @Nullable Slot older;
        private @Nullable Slot newer;

        private Slot(MemoryStream stream, Event event) {
            this.stream = stream;
            this.event = event;
        }
    }

    /** Slots from the oldest to the newest. */
    private static final class AgeList {
        private @Nullable Slot oldest;
        private @Nullable Slot newest;

        void addNewest(Slot slot) {
            slot.older = newest;
            if (newest == null) {
                oldest = slot;
            } else {
                newest.newer = slot;
            }
            newest = slot;
        }

        void remove(Slot slot) {
            if (slot.older == null) {
                oldest = slot.newer;
            } else {
                slot.older.newer = slot.newer;
            }
            if (slot.newer == null) {
                newest = slot.older;
            } else {
                slot.newer.older = slot.older;
            }
            slot.older = null;
            slot.newer = null;
        }
    }
}
