package dev.shadowcat.benchmarks;

import dev.shadowcat.event.Event;
import dev.shadowcat.persist.PersistenceSettings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Mode {@code shared-ingest}: events through the worker into a store that nodes share, in batches of a size, in turn with the
 * same batches written bare by the same driver to the same server.
 */
final class SharedIngest {
    private static final double BAR = 0.6;

    private final Transport transport = new Transport("load");
    private final String url;
    private final String name;
    private final long server;
    private final int bytes;
    private final int batch;
    private final int rounds;
    private final int seconds;
    private final List<Integer> sessions;
    private final Payloads payloads;

    SharedIngest(Arguments arguments) {
        url = arguments.text("url");
        name = arguments.text("name");
        server = Long.parseLong(arguments.text("server"));
        bytes = arguments.number("bytes", 300);
        batch = arguments.number("batch", 50);
        rounds = arguments.number("rounds", 5);
        seconds = arguments.number("seconds", 3);
        sessions = Arrays.stream(arguments.text("sessions", "1,100").split(",", -1))
                .map(Integer::valueOf)
                .toList();
        arguments.refuseOthers();
        payloads = new Payloads(bytes);
    }

    /** Returns whether every event was stored once and in order; the bar is printed beside the figures. */
    boolean run() {
        boolean whole = true;
        System.out.printf(
                "%-28s%10s%12s%12s%14s%8s%6s%12s%12s%14s%10s%10s%n",
                "server",
                "sessions",
                "mean batch",
                "bare/s",
                "Shadowcat/s",
                "ratio",
                "bar",
                "spread",
                "store us/ev",
                "server us/ev",
                "of bare",
                "foreign");
        try (BareServer bare = BareServer.of(url, payloads, bytes)) {
            for (int count : sessions) {
                whole &= compare(bare, count);
            }
        }
        System.out.println(
                whole ? "every event was stored once and in order" : "FAILS: events were lost or out of order");
        return whole;
    }

    /** What one round of the worker gave. */
    private record Round(
            double perSecond, double batch, double storeMicros, double serverMicros, double foreign, boolean whole) {}

    /** What one bare round gave. */
    private record Bare(double perSecond, double serverMicros) {}

    private boolean compare(BareServer bare, int count) {
        boolean whole = saturate(bare, count).whole(); // both are warm before anything counts
        bare(bare, count);
        List<Round> ours = new ArrayList<>();
        double[] bares = new double[rounds];
        double[] bareMicros = new double[rounds];
        double[] ratios = new double[rounds];
        for (int round = 0; round < rounds; round++) {
            @Nullable Bare before = round % 2 == 0 ? null : bare(bare, count);
            Round measured = saturate(bare, count);
            Bare beside = before == null ? bare(bare, count) : before;
            bares[round] = beside.perSecond();
            bareMicros[round] = beside.serverMicros();
            ratios[round] = measured.perSecond() / bares[round];
            ours.add(measured);
            whole &= measured.whole();
        }
        System.out.printf(
                Locale.ROOT,
                "%-28s%,10d%12.1f%,12.0f%,14.0f%8.3f%6.1f%12s%12.2f%14.2f%10.2f%10.2f%n",
                name,
                count,
                median(ours, Round::batch),
                Table.median(bares),
                median(ours, Round::perSecond),
                Table.median(ratios),
                BAR,
                String.format(
                        Locale.ROOT,
                        "%.2f-%.2f",
                        Arrays.stream(ratios).min().orElse(0),
                        Arrays.stream(ratios).max().orElse(0)),
                median(ours, Round::storeMicros),
                median(ours, Round::serverMicros),
                Table.median(bareMicros),
                median(ours, Round::foreign));
        return whole;
    }

    private static double median(List<Round> rounds, ToDoubleFunction<Round> figure) {
        return Table.median(rounds.stream().mapToDouble(figure).toArray());
    }

    private Bare bare(BareServer bare, int count) {
        double before = ProcessTimes.familySeconds(server);
        double perSecond = bare.eventsPerSecond(count, batch, seconds);
        return new Bare(perSecond, (ProcessTimes.familySeconds(server) - before) * 1e6 / (perSecond * seconds));
    }

    private Round saturate(BareServer bare, int count) {
        try (WorkerLoad load =
                new WorkerLoad(bare.store(), settings(), transport.loop(), payloads, count, Long.MAX_VALUE / 2)) {
            load.saturate(4 * batch); // while one batch is written, more than the next gathers
            Pause.millis(500);
            long before = load.stored();
            BatchTally.Sums batchesBefore = load.batches();
            double serverBefore = ProcessTimes.familySeconds(server);
            CpuMeter meter = new CpuMeter(List.of(), List.of());
            Pause.millis(seconds * 1000L);
            long events = load.stored() - before;
            double passed = meter.seconds();
            double cpu = ProcessTimes.familySeconds(server) - serverBefore;
            double foreign = Math.max(0, meter.foreignCores() - cpu / passed);
            BatchTally.Sums sums = load.batches().since(batchesBefore);
            load.stop();
            return new Round(
                    events / passed,
                    sums.writesPerBatch(),
                    sums.nanos() / 1e3 / sums.writes(),
                    cpu * 1e6 / events,
                    foreign,
                    load.whole());
        }
    }

    /** Of the defaults, but that a batch is as large as it is to be. */
    private PersistenceSettings settings() {
        PersistenceSettings defaults = PersistenceSettings.DEFAULTS;
        int event = new Event(1, 0, 1, false, null, new byte[bytes]).bytes();
        return new PersistenceSettings(
                defaults.queueCapacity(),
                defaults.queueBytes(),
                batch * event,
                defaults.deferredEntries(),
                defaults.deferredInterval(),
                Duration.ZERO,
                defaults.backoffFirst(),
                defaults.backoffCap());
    }
}
