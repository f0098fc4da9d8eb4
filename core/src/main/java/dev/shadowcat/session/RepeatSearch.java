package dev.shadowcat.session;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.GapIds;
import dev.shadowcat.event.RepeatFilter;
import dev.shadowcat.event.RepeatFilter.Beyond;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.EventStore;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Finds which of a stream's stored events a resumed upstream repeats, where it begins before the newest ones: some send all that
 * they have again. Reads the stream in pages and keeps one run of ids. Blocks on the store; not on a loop.
 *
 * @param generation of the upstream session; another one's ids mean nothing to it
 * @param cursor that the upstream was resumed with: it is known, even where retention took its event
 */
record RepeatSearch(
        EventStore store,
        SessionId session,
        int stream,
        int generation,
        @Nullable String cursor) {
    private static final int BEFORE =
            16; // kept from before the one that was found: replays may be slightly out of order
    private static final int PAGE = 256;
    private static final int PAGE_BYTES = 256 << 10;

    /**
     * Finds the run of ids that an event stands in.
     *
     * @param after where the last run ended; most upstreams repeat in order, so the next one is searched from there first
     * @param newest the newest sequence given
     * @return null where no event of the stream ever had that id. Where some have gone whose ids nobody remembers, it is the
     *     ids that follow one of those in a replay in order: those from the beginning, and those from where the last run ended
     */
    @Nullable
    RepeatFilter around(String upstreamId, long after, long newest) {
        long from = Math.max(0, after - BEFORE);
        Run onwards = search(upstreamId, from, Long.MAX_VALUE);
        if (onwards.found) {
            return onwards.filter(onwards.full || onwards.lacking ? Beyond.STORED : Beyond.NEW);
        }
        Run before = from == 0 ? onwards : search(upstreamId, 0, after);
        if (before.found) {
            return before.filter(Beyond.STORED);
        }
        if (!before.lacking && !onwards.lacking && onwards.read == newest && !trimmed()) {
            return null;
        }
        LongStream known = LongStream.concat(LongStream.of(before.first()), LongStream.of(onwards.first()));
        LongStream last = cursor == null ? LongStream.empty() : LongStream.of(RepeatFilter.hash(cursor));
        return new RepeatFilter(LongStream.concat(known, last).toArray(), after, Beyond.FORGOTTEN);
    }

    private boolean trimmed() {
        return store.stream(session, stream)
                .filter(known -> known.trimmedThrough() > 0)
                .isPresent();
    }

    private Run search(String upstreamId, long from, long to) {
        Run run = new Run(RepeatFilter.hash(upstreamId), from);
        for (List<Event> page = page(from); !page.isEmpty(); page = page(run.read)) {
            for (Event event : page) {
                if (run.full || (!run.found && run.read >= to)) {
                    return run;
                }
                run.add(event);
            }
        }
        return run;
    }

    private List<Event> page(long after) {
        return store.read(session, stream, after, PAGE, PAGE_BYTES);
    }

    /** The ids around the one that is looked for, as far as they have been read. */
    private final class Run {
        private final long wanted;
        private final long[] ids = new long[RepeatFilter.CAPACITY];
        private final long[] first = new long[RepeatFilter.CAPACITY]; // that were read, wanted or not
        private int count;
        private int firstCount;
        private long read;
        private long through;
        private boolean found;
        private boolean full;
        private boolean lacking; // some ids are remembered by nobody

        private Run(long wanted, long from) {
            this.wanted = wanted;
            this.read = from;
            this.through = from;
        }

        private void add(Event event) {
            // What is missing was trimmed, refused, or lost in a power cut.
            lacking |= !GapIds.knowsAll(event) || GapIds.first(event) > read + 1;
            read = event.sequence();
            if (event.generation() == generation) {
                for (long id : GapIds.of(event)) {
                    add(id);
                }
            }
            through = full ? through : read;
        }

        private void add(long id) {
            if (count > 0 && ids[count - 1] == id) {
                return; // an event without an id of its own carries the one before
            }
            if (firstCount < first.length) {
                first[firstCount++] = id;
            }
            if (count == ids.length) {
                full = true;
                return;
            }
            ids[count++] = id;
            found |= id == wanted;
            if (!found && count > BEFORE) {
                System.arraycopy(ids, 1, ids, 0, --count);
            }
        }

        private long[] first() {
            return Arrays.copyOf(first, firstCount);
        }

        private RepeatFilter filter(Beyond beyond) {
            return new RepeatFilter(Arrays.copyOf(ids, count), through, beyond);
        }
    }
}
