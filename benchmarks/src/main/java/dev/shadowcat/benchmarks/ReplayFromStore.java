package dev.shadowcat.benchmarks;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.rocksdb.RocksDbSettings;
import dev.shadowcat.store.rocksdb.RocksDbStores;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/** Mode {@code replay-fill}: fills a gateway's data folder, opens it anew, and replays streams from the store, page by page. */
final class ReplayFromStore {
    private final Path folder;
    private final int sessions;
    private final int events;
    private final int repeats;

    ReplayFromStore(Arguments arguments) {
        folder = Path.of(arguments.text("folder"));
        sessions = arguments.number("sessions", 10_000);
        events = arguments.number("events", 1_000_000);
        repeats = arguments.number("repeats", 10);
        arguments.refuseOthers();
    }

    /** Returns whether every event of every replay came once and in order. */
    boolean run() {
        ReplayStore layout = new ReplayStore(sessions, events);
        long began = System.nanoTime();
        try (EventStore store = open()) {
            long filled = layout.fill(store);
            System.out.printf(
                    Locale.ROOT,
                    "store of %,d sessions and %,d events, filled in %.1f s, %,d MB on disk%n",
                    sessions,
                    filled,
                    (System.nanoTime() - began) / 1e9,
                    new DataFolder(folder).bytes() >> 20);
        }
        ReplayFigures.header();
        try (EventStore store = open()) {
            StoreReplays replays = new StoreReplays(store, layout);
            boolean cold = replay("store, first replay of each", replays, layout.middleOnes(), layout, 1, 0);
            boolean middle = replay("store", replays, layout.middleOnes(), layout, repeats, 2);
            boolean longer = replay("store", replays, layout.longOnes(), layout, repeats, 2);
            return cold && middle && longer;
        }
    }

    private EventStore open() {
        return RocksDbStores.open(folder, RocksDbSettings.of(RocksDbSettings.Durability.BATCHED));
    }

    private static boolean replay(
            String name, StoreReplays replays, List<SessionId> from, ReplayStore layout, int times, int warmUps) {
        Histogram latencies = replays.replay(from, times, warmUps);
        ReplayFigures.row(name, layout.eventsOf(from.getFirst()), latencies, replays.whole());
        return replays.whole();
    }
}
