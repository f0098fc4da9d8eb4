package dev.shadowcat.benchmarks;

import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Mode {@code events}: events on many standalone streams at a paced rate, several targets in turn, round after round. */
final class EventComparison {
    private final List<Target> targets;
    private final EventStretch stretch;
    private final int streams;
    private final int rate;
    private final int bytes;
    private final int rounds;
    private final int warmUpSeconds;
    private final int settleSeconds;
    private final int seconds;

    EventComparison(Arguments arguments) {
        targets = arguments.targets();
        stretch = new EventStretch(
                new Transport("load"),
                new UpstreamOrders(URI.create(arguments.text("upstream"))),
                arguments.processes("helper"));
        streams = arguments.number("streams", 100);
        rate = arguments.number("rate", 1000);
        bytes = arguments.number("bytes", 300);
        rounds = arguments.number("rounds", 5);
        warmUpSeconds = arguments.number("warm-up", 10);
        settleSeconds = arguments.number("settle", 2);
        seconds = arguments.number("seconds", 10);
        arguments.refuseOthers();
    }

    /** Returns whether every event came once and in order. */
    boolean run() {
        Map<Target, List<EventResult>> results = new LinkedHashMap<>();
        EventOrder measured = new EventOrder(streams, rate, bytes, settleSeconds, seconds);
        targets.forEach(target -> stretch.run(target, new EventOrder(streams, rate, bytes, warmUpSeconds, 1)));
        for (int round = 0; round < rounds; round++) {
            for (Target target : round % 2 == 0 ? targets : targets.reversed()) {
                results.computeIfAbsent(target, _ -> new ArrayList<>()).add(stretch.run(target, measured));
            }
        }
        print(results);
        return results.values().stream().flatMap(List::stream).allMatch(EventResult::whole);
    }

    private void print(Map<Target, List<EventResult>> results) {
        Table table = new Table(targets.stream().map(Target::name).toList());
        row(table, "p50, ms", results, result -> result.latencyMillis(50));
        row(table, "p99, ms", results, result -> result.latencyMillis(99));
        row(table, "p99.9, ms", results, result -> result.latencyMillis(99.9));
        row(table, "max, ms", results, result -> result.latencyMillis(100));
        row(table, "proxy CPU, us/event", results, EventResult::proxyCpuMicrosPerEvent);
        row(table, "generator CPU, us/event", results, EventResult::generatorCpuMicrosPerEvent);
        row(table, "foreign load, cores", results, EventResult::foreignCores);
        total(table, "emitted", results, EventResult::emitted);
        total(table, "lost", results, EventResult::lost);
        total(table, "doubled", results, EventResult::doubled);
        total(table, "reordered", results, EventResult::reordered);
        System.out.println(rate + " events/s of " + bytes + " B over " + streams + " streams, median of " + rounds
                + " rounds of " + seconds + " s; ratios to the first");
        System.out.print(table.text());
    }

    private void row(
            Table table, String name, Map<Target, List<EventResult>> results, ToDoubleFunction<EventResult> figure) {
        table.row(
                name,
                targets.stream()
                        .map(target -> Table.median(results.getOrDefault(target, List.of()).stream()
                                .mapToDouble(figure)
                                .toArray()))
                        .toList());
    }

    private void total(
            Table table, String name, Map<Target, List<EventResult>> results, ToDoubleFunction<EventResult> figure) {
        table.row(
                name,
                targets.stream()
                        .map(target -> results.getOrDefault(target, List.of()).stream()
                                .mapToDouble(figure)
                                .sum())
                        .toList());
    }
}
