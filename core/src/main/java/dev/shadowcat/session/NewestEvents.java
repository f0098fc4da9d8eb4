package dev.shadowcat.session;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.GapIds;
import dev.shadowcat.event.RepeatFilter;
import dev.shadowcat.event.RepeatFilter.Beyond;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.EventStore;
import java.util.ArrayDeque;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * The newest events of a stream: what a resumed upstream may repeat.
 *
 * @param events up to 128 of them, oldest first; fewer where the store has fewer, or some of the last 128 numbers have no event
 * @param through the newest sequence that they were read up to
 * @param whole whether they are all that the stream ever had: no older ones exist, and none is missing
 */
public record NewestEvents(List<Event> events, long through, boolean whole) {
    private static final int COUNT = RepeatFilter.CAPACITY;
    private static final int PAGE_BYTES = 1 << 20;

    /** Reads them. Blocks on the store; not on a loop. */
    public static NewestEvents read(EventStore store, SessionId session, int stream, long newest) {
        long from = Math.max(0, newest - COUNT);
        List<Event> events = after(store, session, stream, from);
        while (from > 0 && events.size() < COUNT && startsLater(events, from)) {
            from = Math.max(0, from - Session.LEAP); // numbers were skipped here after a power cut
            events = after(store, session, stream, from);
        }
        return new NewestEvents(events, newest, isWhole(events, newest));
    }

    /** What a resumed upstream of a generation is compared with; null where nothing can be a repeat. */
    public @Nullable RepeatFilter repeats(int generation) {
        long[] ids = events.stream()
                .filter(event -> event.generation() == generation)
                .flatMapToLong(event -> LongStream.of(GapIds.of(event)))
                .toArray();
        if (whole && ids.length == 0) {
            return null;
        }
        long[] last = LongStream.of(ids).skip(Math.max(0, ids.length - COUNT)).toArray();
        return new RepeatFilter(last, through, whole && last.length == ids.length ? Beyond.NEW : Beyond.STORED);
    }

    private static boolean isWhole(List<Event> events, long newest) {
        long before = 0;
        for (Event event : events) {
            if (GapIds.first(event) != before + 1 || !GapIds.knowsAll(event)) {
                return false;
            }
            before = event.sequence();
        }
        return before == newest;
    }

    private static boolean startsLater(List<Event> events, long from) {
        return events.isEmpty() || events.getFirst().sequence() > from + 1;
    }

    /** The last {@value #COUNT} that follow a number; those before them are read over. */
    private static List<Event> after(EventStore store, SessionId session, int stream, long from) {
        ArrayDeque<Event> last = new ArrayDeque<>();
        for (List<Event> page = page(store, session, stream, from);
                !page.isEmpty();
                page = page(store, session, stream, page.getLast().sequence())) {
            last.addAll(page);
            while (last.size() > COUNT) {
                last.removeFirst();
            }
        }
        return List.copyOf(last);
    }

    private static List<Event> page(EventStore store, SessionId session, int stream, long after) {
        return store.read(session, stream, after, COUNT, PAGE_BYTES);
    }
}
