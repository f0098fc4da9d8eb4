package dev.shadowcat.benchmarks;

import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Mode {@code telemetry}: a gateway's CPU time for each event with telemetry off (the first target) and fully on (the second),
 * in pairs that take turns in going first; ends with an upper bound of the difference.
 */
final class TelemetryCost {
    private static final double BAR_PERCENT = 5;
    private static final int SCRAPE_SECONDS = 5;

    /** One-sided 95 % quantile of Student's t, by degrees of freedom from 1. */
    private static final double[] T95 = {
        6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812, 1.796, 1.782, 1.771, 1.761, 1.753, 1.746,
        1.740, 1.734, 1.729
    };

    private final Target off;
    private final Target on;
    private final GatewayMetrics scraped;
    private final EventStretch stretch;
    private final EventOrder order;
    private final int pairs;
    private final int warmUpSeconds;

    TelemetryCost(Arguments arguments) {
        List<Target> targets = arguments.targets();
        off = targets.get(0);
        on = targets.get(1);
        scraped = new GatewayMetrics(URI.create(arguments.text("admin")));
        stretch = EventStretch.from(arguments);
        order = EventOrder.from(arguments, 2, 8);
        pairs = Math.clamp(arguments.number("pairs", 10), 2, T95.length + 1);
        warmUpSeconds = arguments.number("warm-up", 15);
        arguments.refuseOthers();
    }

    /** Returns whether every event came once and in order; the bar is printed beside the figure. */
    boolean run() {
        try (ScheduledExecutorService scrapes = Executors.newSingleThreadScheduledExecutor()) {
            ScheduledFuture<?> scraping = scrapes.scheduleAtFixedRate(
                    () -> scraped.value("persistence_queue_depth"), 0, SCRAPE_SECONDS, TimeUnit.SECONDS);
            boolean whole = measure();
            boolean kept = !scraping.isDone(); // it ends by itself only where a scrape failed
            scrapes.shutdownNow();
            return whole && kept;
        }
    }

    private boolean measure() {
        for (Target target : List.of(off, on)) {
            stretch.run(target, order.warmUp(warmUpSeconds));
        }
        double[] differences = new double[pairs];
        boolean whole = true;
        System.out.printf("%4s%16s%16s%14s%12s%n", "pair", "off us/event", "on us/event", "difference", "foreign");
        for (int pair = 0; pair < pairs; pair++) {
            List<Target> turn = pair % 2 == 0 ? List.of(off, on) : List.of(on, off);
            List<EventResult> results = new ArrayList<>();
            turn.forEach(target -> results.add(stretch.run(target, order)));
            EventResult without = results.get(turn.indexOf(off));
            EventResult with = results.get(turn.indexOf(on));
            whole &= without.whole() && with.whole();
            differences[pair] = (with.proxyCpuMicrosPerEvent() / without.proxyCpuMicrosPerEvent() - 1) * 100;
            System.out.printf(
                    Locale.ROOT,
                    "%4d%16.2f%16.2f%13.1f%%%12.2f%n",
                    pair + 1,
                    without.proxyCpuMicrosPerEvent(),
                    with.proxyCpuMicrosPerEvent(),
                    differences[pair],
                    Math.max(without.foreignCores(), with.foreignCores()));
        }
        double mean = Arrays.stream(differences).average().orElseThrow();
        double variance = Arrays.stream(differences)
                        .map(each -> (each - mean) * (each - mean))
                        .sum()
                / (pairs - 1);
        double bound = mean + T95[pairs - 2] * Math.sqrt(variance / pairs);
        System.out.printf(
                Locale.ROOT, "mean %.1f %%, upper 95 %% bound %.1f %% (bar %.0f %%)%n", mean, bound, BAR_PERCENT);
        return whole;
    }
}
