package dev.shadowcat.benchmarks;

import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/** Mode {@code events}: events on many standalone streams at a paced rate, several targets in turn, round after round. */
final class EventComparison {
    private final Transport transport = new Transport("load");
    private final List<Target> targets;
    private final List<Long> helpers;
    private final UpstreamOrders upstream;
    private final int streams;
    private final int rate;
    private final int bytes;
    private final int rounds;
    private final int warmUpSeconds;
    private final int settleSeconds;
    private final int seconds;

    EventComparison(Arguments arguments) {
        targets = arguments.targets();
        helpers = arguments.processes("helper");
        upstream = new UpstreamOrders(URI.create(arguments.text("upstream")));
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
        targets.forEach(target -> stretch(target, warmUpSeconds, 1));
        for (int round = 0; round < rounds; round++) {
            for (Target target : round % 2 == 0 ? targets : targets.reversed()) {
                results.computeIfAbsent(target, _ -> new ArrayList<>()).add(stretch(target, settleSeconds, seconds));
            }
        }
        print(results);
        return results.values().stream()
                .flatMap(List::stream)
                .allMatch(result -> result.lost() == 0 && result.doubled() == 0 && result.reordered() == 0);
    }

    private EventResult stretch(Target target, int settle, int measure) {
        StreamSet set = StreamSet.open(transport, target, streams);
        upstream.await(streams + " open streams", 10, state -> state.streams() == streams);
        long before = upstream.state().emitted();
        upstream.emit(rate, (long) rate * (settle + measure), bytes);
        Pause.millis(settle * 1000L);
        CpuMeter meter = new CpuMeter(target.processes(), helpers);
        set.read(() -> {
            set.tally().measuring(true);
            return true;
        });
        Pause.millis(measure * 1000L);
        double measured = meter.seconds();
        double proxyCpu = meter.targetSeconds();
        double foreign = meter.foreignCores();
        long emitted = upstream.await("the last event", measure + 10, state -> state.left() == 0)
                        .emitted()
                - before;
        awaitEvents(set, emitted);
        EventResult result = set.read(() -> new EventResult(
                set.tally().latencies(),
                emitted,
                set.tally().events(),
                sum(set, SequenceCheck::doubled),
                sum(set, SequenceCheck::reordered),
                measured,
                proxyCpu,
                foreign));
        set.delete();
        upstream.await("no open stream", 10, state -> state.streams() == 0);
        return result;
    }

    /** Waits until all events came, or none came any more for 2 s. */
    private static void awaitEvents(StreamSet set, long emitted) {
        long received = set.read(set.tally()::events);
        for (int quiet = 0; received < emitted && quiet < 20; quiet++) {
            Pause.millis(100);
            long now = set.read(set.tally()::events);
            if (now > received) {
                quiet = 0;
            }
            received = now;
        }
    }

    private static long sum(StreamSet set, ToLongFunction<SequenceCheck> figure) {
        return set.readers().stream()
                .map(StreamReader::sequence)
                .mapToLong(figure)
                .sum();
    }

    private void print(Map<Target, List<EventResult>> results) {
        Table table = new Table(targets.stream().map(Target::name).toList());
        row(table, "p50, ms", results, result -> result.latencyMillis(50));
        row(table, "p99, ms", results, result -> result.latencyMillis(99));
        row(table, "p99.9, ms", results, result -> result.latencyMillis(99.9));
        row(table, "max, ms", results, result -> result.latencyMillis(100));
        row(table, "proxy CPU, us/event", results, EventResult::proxyCpuMicrosPerEvent);
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
