package dev.shadowcat.event;

import dev.shadowcat.memory.Footprint;
import dev.shadowcat.memory.Measured;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** Numbers a stream's events, drops what a resumed upstream repeats, and knows the newest. The session's thread only. */
public final class EventTracker implements Measured {
    private long newest;
    private @Nullable RepeatFilter repeats; // only from a resume until the first event that is new

    /** Whether an upstream event was recorded before. */
    public enum Repeat {
        YES,
        NO,
        /** It is none of those at hand, but the store has older ones. */
        PERHAPS
    }

    /** @param newest the newest sequence that was ever given on the stream; 0 for a fresh one */
    public EventTracker(long newest) {
        this.newest = newest;
    }

    /** The newest sequence given; 0 before the first. */
    public long newest() {
        return newest;
    }

    /** The upstream was resumed and may begin with events that it sent before, named by their ids, oldest first. */
    public void expectRepeats(Collection<String> newestUpstreamIds) {
        boolean full = newestUpstreamIds.size() >= RepeatFilter.CAPACITY;
        repeats = newestUpstreamIds.isEmpty() ? null : new RepeatFilter(newestUpstreamIds, newest, full);
    }

    /** What it compares with; null where nothing can be a repeat. */
    public @Nullable RepeatFilter expected() {
        return repeats;
    }

    /**
     * Compares with another run of ids.
     *
     * @param before what the other one takes the place of; nothing happens where it is no longer in force
     * @param next null where nothing that comes now is a repeat
     */
    public void expect(RepeatFilter before, @Nullable RepeatFilter next) {
        if (repeats == before) {
            repeats = next;
        }
    }

    /** Whether an upstream event was recorded before. The first one that was not ends the comparing. */
    public Repeat compare(@Nullable String upstreamId) {
        RepeatFilter filter = repeats;
        if (filter == null || upstreamId == null) {
            return Repeat.NO;
        }
        if (filter.knows(upstreamId)) {
            return Repeat.YES;
        }
        if (filter.partial()) {
            return Repeat.PERHAPS;
        }
        repeats = null;
        return Repeat.NO;
    }

    /** Whether the id is one of an event that was recorded before; goes on comparing either way. */
    public boolean knows(@Nullable String upstreamId) {
        RepeatFilter filter = repeats;
        return filter != null && upstreamId != null && filter.knows(upstreamId);
    }

    @Override
    public void measure(Footprint footprint) {
        footprint.add(this).measured(repeats);
    }

    /** Gives the message the next number. Every number is given once; whoever asked must store the event. */
    public Event record(long nowMillis, int generation, boolean answer, @Nullable String upstreamId, byte[] message) {
        return new Event(++newest, nowMillis, generation, answer, upstreamId, message);
    }
}
