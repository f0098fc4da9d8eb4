package dev.shadowcat.session;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.RepeatFilter;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.EventStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** The newest events of a stream: what a resumed upstream may repeat. Blocks on the store; not on a loop. */
public final class NewestEvents {
    private static final int COUNT = RepeatFilter.CAPACITY;
    private static final int PAGE_BYTES = 1 << 20;

    private NewestEvents() {}

    /** Reads about 128 events up to the newest, oldest first; fewer where the store has fewer. */
    public static List<Event> read(EventStore store, SessionId session, int stream, long newest) {
        long from = Math.max(0, newest - COUNT);
        List<Event> events = after(store, session, stream, from);
        while (from > 0 && events.size() < COUNT && startsLater(events, from)) {
            from = Math.max(0, from - Session.LEAP); // numbers were skipped here after a power cut
            events = after(store, session, stream, from);
        }
        return events;
    }

    /** The ids that the upstream gave them in one generation; those without one are left out. */
    public static List<String> upstreamIds(List<Event> events, int generation) {
        return events.stream()
                .filter(event -> event.generation() == generation)
                .map(Event::upstreamId)
                .filter(Objects::nonNull)
                .toList();
    }

    private static boolean startsLater(List<Event> events, long from) {
        return events.isEmpty() || events.getFirst().sequence() > from + 1;
    }

    private static List<Event> after(EventStore store, SessionId session, int stream, long from) {
        List<Event> events = new ArrayList<>();
        List<Event> page = store.read(session, stream, from, COUNT, PAGE_BYTES);
        while (!page.isEmpty() && events.size() < 2 * COUNT) {
            events.addAll(page);
            page = store.read(session, stream, page.getLast().sequence(), COUNT, PAGE_BYTES);
        }
        return events;
    }
}
