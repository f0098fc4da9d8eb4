package dev.shadowcat.benchmarks;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.persist.PersistenceSettings;
import dev.shadowcat.persist.PersistenceWorker;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.rocksdb.RocksDbSettings;
import dev.shadowcat.store.rocksdb.RocksDbStores;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.ObjLongConsumer;
import java.util.stream.Stream;
import jdk.jfr.Recording;

/**
 * Mode {@code activity}: what it costs to note that sessions are used, beyond a control stretch in which the same generator
 * notes nothing. The gateway's worker on the gateway's store.
 */
final class ActivityUpdates {
    private static final long TICK_MILLIS = 1;
    private static final Duration INTERVAL = Duration.ofMillis(100);

    private static final int WARM_UP_ROUNDS = 3;
    /**
     * How often a flush comes while warming up. At ten a second, what runs once a flush would be compiled in the middle of the
     * measurement, which a gateway has long done by the batches of its events.
     */
    private static final Duration WARM_UP_INTERVAL = Duration.ofMillis(1);

    private static final double LEAST_RATIO = 9;
    private static final double MOST_CORE_PERCENT = 1;

    private final Path folder;
    private final int rate;
    private final int sessions;
    private final int rounds;
    private final int seconds;
    private final List<Integer> triggers;
    private final OwnCpu cpu = new OwnCpu();

    ActivityUpdates(Arguments arguments) {
        folder = Path.of(arguments.text("folder"));
        rate = arguments.number("rate", 10_000);
        sessions = arguments.number("sessions", 100);
        rounds = arguments.number("rounds", 5);
        seconds = arguments.number("seconds", 10);
        triggers = Arrays.stream(arguments.text("triggers", "1000,50").split(",", -1))
                .map(Integer::valueOf)
                .toList();
        arguments.refuseOthers();
    }

    /** Returns whether no thread was started; the bars are printed beside the figures. */
    boolean run() throws IOException {
        System.out.printf(
                Locale.ROOT,
                "%,d updates/s over %d sessions, flush after 100 ms, median of %d rounds of %d s%n",
                rate,
                sessions,
                rounds,
                seconds);
        System.out.printf(
                "%-28s%16s%16s%20s%16s%n",
                "flush also at", "coalesce ratio", "threads started", "% of a core beyond", "generator's %");
        int started = 0;
        for (int trigger : triggers) {
            started += measure(trigger);
        }
        System.out.printf(Locale.ROOT, "bars: at least %.0f, 0, under %.0f%n", LEAST_RATIO, MOST_CORE_PERCENT);
        return started == 0;
    }

    private int measure(int trigger) throws IOException {
        BatchTally tally = new BatchTally();
        DataFolder data = new DataFolder(folder.resolve("activity-" + trigger));
        Path dump = folder.resolve("activity-" + trigger + ".jfr");
        EventStore store = RocksDbStores.open(data.path(), RocksDbSettings.of(RocksDbSettings.Durability.BATCHED));
        List<SessionId> ids = ids();
        store.append(ids.stream()
                .map(id -> StoredSessions.session(id, System.currentTimeMillis()))
                .toList());
        try (Recording recording = new Recording();
                PersistenceWorker worker = worker(store, settings(trigger, WARM_UP_INTERVAL), tally)) {
            recording.enable(ThreadStarts.PLATFORM);
            recording.enable(ThreadStarts.VIRTUAL);
            recording.start();
            worker.start();
            ObjLongConsumer<SessionId> nothing = (_, _) -> {};
            ObjLongConsumer<SessionId> touch = (id, now) -> worker.touch(id, new SessionActivity(now, now));
            for (int warming = 0; warming < WARM_UP_ROUNDS; warming++) {
                generate(ids, touch, seconds);
                generate(ids, nothing, seconds);
            }
            worker.tune(settings(trigger, INTERVAL));
            double[] beyond = new double[rounds];
            double[] generators = new double[rounds];
            double[] ratios = new double[rounds];
            Instant began = Instant.now();
            for (int round = 0; round < rounds; round++) {
                BatchTally.Sums before = tally.sums();
                double with = generate(ids, touch, seconds);
                ratios[round] =
                        (double) rate * seconds / tally.sums().since(before).writes();
                generators[round] = generate(ids, nothing, seconds);
                beyond[round] = with - generators[round];
            }
            Instant ended = Instant.now();
            recording.dump(dump);
            ThreadStarts starts = ThreadStarts.of(dump, began, ended);
            System.out.printf(
                    Locale.ROOT,
                    "%-28s%16.1f%16d%20.2f%16.2f%n",
                    trigger + " sessions",
                    Table.median(ratios),
                    starts.all(),
                    Table.median(beyond),
                    Table.median(generators));
            starts.platform().forEach(name -> System.out.println("  started: " + name));
            return starts.all();
        } finally {
            store.close();
            data.clear();
        }
    }

    private static PersistenceSettings settings(int trigger, Duration interval) {
        PersistenceSettings defaults = PersistenceSettings.DEFAULTS;
        return new PersistenceSettings(
                defaults.queueCapacity(),
                defaults.queueBytes(),
                defaults.batchBytes(),
                trigger,
                interval,
                defaults.syncInterval(),
                defaults.backoffFirst(),
                defaults.backoffCap());
    }

    private PersistenceWorker worker(EventStore store, PersistenceSettings settings, BatchTally tally) {
        return new PersistenceWorker(
                store,
                settings,
                (write, reason) -> {
                    throw new IllegalStateException("refused for good: " + reason);
                },
                tally);
    }

    private List<SessionId> ids() {
        SplittableRandom random = new SplittableRandom(3);
        return Stream.generate(() -> SessionId.mint(random)).limit(sessions).toList();
    }

    /** Updates the sessions in turn at the rate; per cent of a core that the whole process took meanwhile. */
    private double generate(List<SessionId> ids, ObjLongConsumer<SessionId> update, int forSeconds) {
        long cpuBefore = cpu.nanos();
        long began = System.nanoTime();
        long total = (long) rate * forSeconds;
        for (long done = 0; done < total; ) {
            long due = Math.min(total, (long) ((System.nanoTime() - began) / 1e9 * rate));
            long now = System.currentTimeMillis();
            for (; done < due; done++) {
                update.accept(ids.get((int) (done % ids.size())), now);
            }
            Pause.millis(TICK_MILLIS);
        }
        return (cpu.nanos() - cpuBefore) * 100.0 / (System.nanoTime() - began);
    }
}
