package dev.shadowcat.event;

import dev.shadowcat.event.RepeatFilter.Beyond;
import dev.shadowcat.memory.Footprint;
import dev.shadowcat.memory.Measured;
import org.jspecify.annotations.Nullable;

/** Numbers a stream's events, drops what a resumed upstream repeats, and knows the newest. The session's thread only. */
public final class EventTracker implements Measured {
    private long newest;
    private @Nullable RepeatFilter repeats; // only from a resume until the first event that is new for sure
    private boolean doubtful; // an event was recorded since the resume that may have been a repeat

    /** Whether an upstream event was recorded before. */
    public enum Repeat {
        YES,
        /** It was, and so were perhaps some before it that nobody remembered. */
        YES_AND_SOME_BEFORE,
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

    /**
     * The upstream was resumed and may begin with events that it sent before.
     *
     * @param newest the newest of them; null where nothing can be a repeat
     */
    public void expectRepeats(@Nullable RepeatFilter newest) {
        repeats = newest;
        doubtful = false;
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

    /**
     * Whether an upstream event was recorded before. The first one that surely was not ends the comparing. One of which nobody
     * knows counts as new: should it have been a repeat, the upstream goes on to one that is known.
     */
    public Repeat compare(@Nullable String upstreamId) {
        RepeatFilter filter = repeats;
        if (filter == null || upstreamId == null) {
            return Repeat.NO;
        }
        if (filter.knows(upstreamId)) {
            repeats = filter.beyond() == Beyond.FORGOTTEN ? filter.asking() : filter;
            Repeat repeat = doubtful ? Repeat.YES_AND_SOME_BEFORE : Repeat.YES;
            doubtful = false;
            return repeat;
        }
        return switch (filter.beyond()) {
            case NEW -> {
                repeats = null;
                yield Repeat.NO;
            }
            case STORED -> Repeat.PERHAPS;
            case FORGOTTEN -> {
                doubtful = true;
                yield Repeat.NO;
            }
        };
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
