package dev.shadowcat.session;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.RepeatFilter;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.EventStore;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Finds which of a stream's stored events a resumed upstream repeats, where it begins before the newest ones: some send all that
 * they have again. Reads the stream in pages and keeps one run of ids. Blocks on the store; not on a loop.
 *
 * @param generation of the upstream session; another one's ids mean nothing to it
 */
record RepeatSearch(EventStore store, SessionId session, int stream, int generation) {
    private static final int BEFORE =
            16; // kept from before the one that was found: replays may be slightly out of order
    private static final int PAGE = 256;
    private static final int PAGE_BYTES = 256 << 10;

    /**
     * Finds the run of ids that an event stands in.
     *
     * @param after where the last run ended; most upstreams repeat in order, so the next one is searched from there first
     * @return null where no stored event has that id
     */
    @Nullable
    RepeatFilter around(String upstreamId, long after) {
        RepeatFilter onwards = search(upstreamId, Math.max(0, after - BEFORE), Long.MAX_VALUE);
        return onwards != null || after == 0 ? onwards : search(upstreamId, 0, after);
    }

    private @Nullable RepeatFilter search(String upstreamId, long from, long to) {
        ArrayDeque<String> run = new ArrayDeque<>(RepeatFilter.CAPACITY);
        boolean found = false;
        long through = from;
        List<Event> page = page(through);
        while (!page.isEmpty()) {
            for (Event event : page) {
                if (found && run.size() == RepeatFilter.CAPACITY) {
                    return new RepeatFilter(run, through, true);
                }
                if (!found && through >= to) {
                    return null;
                }
                through = event.sequence();
                String id = event.generation() == generation ? event.upstreamId() : null;
                if (id == null || Objects.equals(id, run.peekLast())) {
                    continue; // an event without an id of its own carries the one before
                }
                run.addLast(id);
                found |= id.equals(upstreamId);
                if (!found && run.size() > BEFORE) {
                    run.removeFirst();
                }
            }
            page = page(through);
        }
        return found ? new RepeatFilter(run, through, false) : null;
    }

    private List<Event> page(long after) {
        return store.read(session, stream, after, PAGE, PAGE_BYTES);
    }
}
