package dev.shadowcat.benchmarks;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import org.HdrHistogram.Histogram;

/**
 * Mode {@code load}: events through the whole gateway in turn with a control run without it. Fails where an event is lost,
 * doubled or reordered, where the queue is deeper than it may be, and, where asked to judge it, where the way takes too long.
 */
final class LoadTest {
    private static final double MOST_ADDED_MILLIS = 5;

    private final Target direct;
    private final Target gateway;
    private final GatewayMetrics metrics;
    private final EventStretch stretch;
    private final EventOrder order;
    private final int warmUpSeconds;
    private final int rounds;
    private final int capacity;
    private final boolean judgeLatency;

    private final List<EventResult> controls = new ArrayList<>();
    private final List<EventResult> results = new ArrayList<>();

    LoadTest(Arguments arguments) {
        direct = arguments.targets("direct").getFirst();
        gateway = arguments.targets("target").getFirst();
        metrics = new GatewayMetrics(URI.create(arguments.text("admin")));
        stretch = EventStretch.from(arguments);
        order = EventOrder.from(arguments, 2, 20);
        warmUpSeconds = arguments.number("warm-up", 10);
        rounds = arguments.number("rounds", 3);
        capacity = arguments.number("capacity", 1000);
        judgeLatency = arguments.text("judge-latency", "yes").equals("yes");
        arguments.refuseOthers();
    }

    boolean run() {
        EventOrder warmUp = order.warmUp(warmUpSeconds);
        controls.add(stretch.run(direct, warmUp));
        results.add(stretch.run(gateway, warmUp));
        controls.getFirst().latencies().reset();
        results.getFirst().latencies().reset();
        try (QueueWatch queue = new QueueWatch(metrics)) {
            for (int round = 0; round < rounds; round++) {
                controls.add(stretch.run(direct, order));
                results.add(stretch.run(gateway, order));
            }
            return judge(queue);
        }
    }

    private boolean judge(QueueWatch queue) {
        Histogram control = together(controls);
        Histogram through = together(results);
        double added = millis(through, 99) - millis(control, 99);
        boolean whole = results.stream().allMatch(EventResult::whole)
                && controls.stream().allMatch(EventResult::whole);
        boolean bounded = queue.deepest() <= capacity;
        boolean quick = added <= MOST_ADDED_MILLIS;
        long emitted = sum(EventResult::emitted);
        print("events through the gateway", "" + emitted);
        print("lost", "" + sum(EventResult::lost));
        print("doubled", "" + sum(EventResult::doubled));
        print("reordered", "" + sum(EventResult::reordered));
        print("deepest queue, of " + queue.scrapes() + " scrapes", Table.figure(queue.deepest()));
        print("it may hold", "" + capacity);
        print("p50, p99 without the gateway, ms", millis(control, 50), millis(control, 99));
        print("p50, p99 through it, ms", millis(through, 50), millis(through, 99));
        print("added to p99, ms (at most 5)", added);
        print("generator's CPU, us an event", median(EventResult::generatorCpuMicrosPerEvent));
        print("gateway's CPU, us an event", median(EventResult::proxyCpuMicrosPerEvent));
        print("foreign load, cores", median(EventResult::foreignCores));
        verdict("every event once and in order", whole);
        verdict("queue within its bound", bounded);
        verdict(judgeLatency ? "p99" : "p99 (not judged)", quick);
        return whole && bounded && (quick || !judgeLatency);
    }

    private long sum(ToLongFunction<EventResult> figure) {
        return results.stream().mapToLong(figure).sum();
    }

    /** Of the measured rounds; the first result is the warm-up's. */
    private double median(ToDoubleFunction<EventResult> figure) {
        return Table.median(results.stream().skip(1).mapToDouble(figure).toArray());
    }

    private static Histogram together(List<EventResult> results) {
        Histogram all = new Histogram(3);
        results.forEach(result -> all.add(result.latencies()));
        return all;
    }

    private static double millis(Histogram latencies, double percentile) {
        return latencies.getValueAtPercentile(percentile) / 1e6;
    }

    private static void print(String name, double... figures) {
        print(name, DoubleStream.of(figures).mapToObj(Table::figure).collect(Collectors.joining(" ")));
    }

    private static void print(String name, String figures) {
        System.out.printf("%-44s%18s%n", name, figures);
    }

    private static void verdict(String what, boolean holds) {
        System.out.println((holds ? "holds: " : "FAILS: ") + what);
    }
}
