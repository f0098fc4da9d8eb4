package dev.shadowcat.benchmarks;

import dev.shadowcat.persist.PersistenceSettings;
import dev.shadowcat.store.rocksdb.RocksDbSettings;
import dev.shadowcat.store.rocksdb.RocksDbSettings.Durability;
import dev.shadowcat.store.rocksdb.RocksDbStores;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * Mode {@code persistence}: events through the worker into RocksDB, in turn with a bare log file that gets the same batches on
 * the same disk; then how long an event takes from when it was due until it is stored.
 */
final class EventPersistence {
    private static final double SYNC_RATIO = 0.6;
    private static final double BATCHED_RATIO = 0.2;
    private static final int SESSIONS = 100;

    private final Transport transport = new Transport("load");
    private final Path folder;
    private final Payloads payloads;
    private final int bytes;
    private final int rounds;
    private final int seconds;
    private final int latencySeconds;
    private final List<Integer> windows;
    private final List<Integer> rates;
    private final BareLog log;
    private int stores;

    EventPersistence(Arguments arguments) {
        folder = Path.of(arguments.text("folder"));
        bytes = arguments.number("bytes", 300);
        rounds = arguments.number("rounds", 5);
        seconds = arguments.number("seconds", 3);
        latencySeconds = arguments.number("latency-seconds", 20);
        windows = numbers(arguments.text("windows", "100,1000"));
        rates = numbers(arguments.text("rates", "1000,50000"));
        arguments.refuseOthers();
        payloads = new Payloads(bytes);
        log = new BareLog(folder.resolve("bare.log"), payloads, bytes);
    }

    private static List<Integer> numbers(String text) {
        return Arrays.stream(text.split(",", -1)).map(Integer::valueOf).toList();
    }

    /** Returns whether every event was stored once and in order; the bars are printed beside the figures. */
    boolean run() {
        boolean whole = true;
        System.out.printf(
                "%-10s%10s%12s%14s%14s%8s%6s%12s%12s%11s%10s%n",
                "durability",
                "under way",
                "mean batch",
                "bare log/s",
                "Shadowcat/s",
                "ratio",
                "bar",
                "spread",
                "store us/ev",
                "CPU us/ev",
                "foreign");
        for (Durability durability : Durability.values()) {
            for (int window : windows) {
                whole &= compare(durability, window);
            }
        }
        System.out.printf(
                "%n%-12s%12s%12s%12s%12s%12s%10s%n",
                "batched", "p50 ms", "p99 ms", "p99.9", "max", "bar p99", "foreign");
        for (int rate : rates) {
            whole &= latency(rate);
        }
        System.out.println(
                whole ? "every event was stored once and in order" : "FAILS: events were lost or out of order");
        return whole;
    }

    /** What one round of the worker gave. */
    private record Round(
            double perSecond, double batch, double storeMicros, double cpuMicros, double foreign, boolean whole) {}

    private boolean compare(Durability durability, int window) {
        boolean sync = durability == Durability.SYNC;
        boolean whole = saturate(durability, window, seconds).whole();
        log.eventsPerSecond(window / 2, sync, 1);
        List<Round> ours = new ArrayList<>();
        double[] bare = new double[rounds];
        double[] ratios = new double[rounds];
        for (int round = 0; round < rounds; round++) {
            Round measured = saturate(durability, window, seconds);
            bare[round] = log.eventsPerSecond((int) Math.round(measured.batch()), sync, seconds);
            ratios[round] = measured.perSecond() / bare[round];
            ours.add(measured);
            whole &= measured.whole();
        }
        double bar = sync ? SYNC_RATIO : BATCHED_RATIO;
        System.out.printf(
                Locale.ROOT,
                "%-10s%,10d%12.0f%,14.0f%,14.0f%8.3f%6.1f%12s%12.2f%11.2f%10.2f%n",
                durability.name().toLowerCase(Locale.ROOT),
                window,
                median(ours, Round::batch),
                Table.median(bare),
                median(ours, Round::perSecond),
                Table.median(ratios),
                bar,
                String.format(
                        Locale.ROOT,
                        "%.2f-%.2f",
                        Arrays.stream(ratios).min().orElse(0),
                        Arrays.stream(ratios).max().orElse(0)),
                median(ours, Round::storeMicros),
                median(ours, Round::cpuMicros),
                median(ours, Round::foreign));
        return whole;
    }

    private static double median(List<Round> rounds, ToDoubleFunction<Round> figure) {
        return Table.median(rounds.stream().mapToDouble(figure).toArray());
    }

    /** So many events are under way at any time: while some are written, others gather for the next batch. */
    private Round saturate(Durability durability, int window, int measured) {
        DataFolder data = new DataFolder(folder.resolve("store-" + stores++));
        try (WorkerLoad load = load(data, durability)) {
            load.saturate(window);
            Pause.millis(500);
            long before = load.stored();
            BatchTally.Sums batchesBefore = load.batches();
            CpuMeter meter = new CpuMeter(List.of(), List.of());
            Pause.millis(measured * 1000L);
            long events = load.stored() - before;
            double passed = meter.seconds();
            double cpu = meter.generatorSeconds();
            double foreign = meter.foreignCores();
            BatchTally.Sums sums = load.batches().since(batchesBefore);
            load.stop();
            return new Round(
                    events / passed,
                    sums.writesPerBatch(),
                    sums.nanos() / 1e3 / sums.writes(),
                    cpu * 1e6 / events,
                    foreign,
                    load.whole());
        } finally {
            data.clear();
        }
    }

    private boolean latency(int rate) {
        DataFolder data = new DataFolder(folder.resolve("store-" + stores++));
        try (WorkerLoad load = load(data, Durability.BATCHED)) {
            load.pace(rate);
            Pause.millis(5_000);
            load.measure();
            CpuMeter meter = new CpuMeter(List.of(), List.of());
            Pause.millis(latencySeconds * 1000L);
            double foreign = meter.foreignCores();
            load.stop();
            System.out.printf(
                    Locale.ROOT,
                    "%-12s%12.3f%12.3f%12.3f%12.3f%12s%10.2f%n",
                    String.format(Locale.ROOT, "%,d/s", rate),
                    load.latencies().getValueAtPercentile(50) / 1e6,
                    load.latencies().getValueAtPercentile(99) / 1e6,
                    load.latencies().getValueAtPercentile(99.9) / 1e6,
                    load.latencies().getMaxValue() / 1e6,
                    rate <= 1_000 ? "5" : "15",
                    foreign);
            return load.whole();
        } finally {
            data.clear();
        }
    }

    private WorkerLoad load(DataFolder data, Durability durability) {
        PersistenceSettings defaults = PersistenceSettings.DEFAULTS;
        Duration syncInterval = durability == Durability.SYNC ? Duration.ZERO : defaults.syncInterval();
        return new WorkerLoad(
                RocksDbStores.open(data.path(), RocksDbSettings.of(durability)),
                new PersistenceSettings(
                        defaults.queueCapacity(),
                        defaults.queueBytes(),
                        defaults.batchBytes(),
                        defaults.deferredEntries(),
                        defaults.deferredInterval(),
                        syncInterval,
                        defaults.backoffFirst(),
                        defaults.backoffCap()),
                transport.loop(),
                payloads,
                SESSIONS,
                Long.MAX_VALUE / 2);
    }
}
