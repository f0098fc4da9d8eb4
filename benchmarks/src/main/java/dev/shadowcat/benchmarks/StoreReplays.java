package dev.shadowcat.benchmarks;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.EventStore;
import java.util.List;
import org.HdrHistogram.Histogram;

/** Replays streams out of a store, page by page as the gateway reads them, and checks each event's place. */
final class StoreReplays {
    /** What the gateway reads at once for a client. */
    private static final int PAGE_EVENTS = 256;

    private static final int PAGE_BYTES = 256 << 10;

    private final EventStore store;
    private final ReplayStore layout;
    private boolean whole = true;

    StoreReplays(EventStore store, ReplayStore layout) {
        this.store = store;
        this.layout = layout;
    }

    /** How long each took, those that warm up aside. */
    Histogram replay(List<SessionId> from, int times, int warmUps) {
        Histogram latencies = new Histogram(3);
        whole = true;
        for (int round = -warmUps; round < times; round++) {
            for (SessionId session : from) {
                long began = System.nanoTime();
                boolean all = readAll(session) == layout.eventsOf(session);
                if (round >= 0) {
                    latencies.recordValue(System.nanoTime() - began);
                }
                whole &= all;
            }
        }
        return latencies;
    }

    /** Whether every event of every replay of the last call came once and in order. */
    boolean whole() {
        return whole;
    }

    /** How many events came before the first that was not the next one. */
    private long readAll(SessionId session) {
        long newest = 0;
        while (true) {
            List<Event> page = store.read(session, ReplayStore.STREAM, newest, PAGE_EVENTS, PAGE_BYTES);
            if (page.isEmpty()) {
                return newest;
            }
            for (Event event : page) {
                if (event.sequence() != newest + 1) {
                    return newest;
                }
                newest++;
            }
        }
    }
}
