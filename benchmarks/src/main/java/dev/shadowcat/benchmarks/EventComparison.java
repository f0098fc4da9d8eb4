package dev.shadowcat.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Mode {@code events}: events on many standalone streams at a paced rate, several targets in turn, round after round. */
final class EventComparison {
    private final List<Target> targets;
    private final EventStretch stretch;
    private final EventOrder order;
    private final int rounds;
    private final int warmUpSeconds;

    EventComparison(Arguments arguments) {
        targets = arguments.targets();
        stretch = EventStretch.from(arguments);
        order = EventOrder.from(arguments, 2, 10);
        rounds = arguments.number("rounds", 5);
        warmUpSeconds = arguments.number("warm-up", 10);
        arguments.refuseOthers();
    }

    /** Returns whether every event came once and in order. */
    boolean run() {
        Map<Target, List<EventResult>> results = new LinkedHashMap<>();
        targets.forEach(target -> stretch.run(target, order.warmUp(warmUpSeconds)));
        for (int round = 0; round < rounds; round++) {
            for (Target target : round % 2 == 0 ? targets : targets.reversed()) {
                results.computeIfAbsent(target, _ -> new ArrayList<>()).add(stretch.run(target, order));
            }
        }
        print(results);
        return results.values().stream().flatMap(List::stream).allMatch(EventResult::whole);
    }

    private void print(Map<Target, List<EventResult>> results) {
        Table table = new Table(targets.stream().map(Target::name).toList());
        table.medians("p50, ms", targets, results, result -> result.latencyMillis(50));
        table.medians("p99, ms", targets, results, result -> result.latencyMillis(99));
        table.medians("p99.9, ms", targets, results, result -> result.latencyMillis(99.9));
        table.medians("max, ms", targets, results, result -> result.latencyMillis(100));
        table.medians("proxy CPU, us/event", targets, results, EventResult::proxyCpuMicrosPerEvent);
        table.medians("generator CPU, us/event", targets, results, EventResult::generatorCpuMicrosPerEvent);
        table.medians("foreign load, cores", targets, results, EventResult::foreignCores);
        total(table, "emitted", results, EventResult::emitted);
        total(table, "lost", results, EventResult::lost);
        total(table, "doubled", results, EventResult::doubled);
        total(table, "reordered", results, EventResult::reordered);
        System.out.println(order.rate() + " events/s of " + order.bytes() + " B over " + order.streams()
                + " streams, median of " + rounds + " rounds of " + order.seconds() + " s; ratios to the first");
        System.out.print(table.text());
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
