package dev.shadowcat.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Mode {@code calls}: several targets in turn, round after round, the medians beside each other. */
final class CallComparison {
    private record Settings(
            String tool,
            int connections,
            int rounds,
            int rate,
            long warmUpMillis,
            long settleMillis,
            long measureMillis) {}

    private final Transport transport = new Transport("load");
    private final List<Target> targets;
    private final List<Long> helpers;
    private final Settings settings;

    CallComparison(Arguments arguments) {
        targets = arguments.targets();
        helpers = arguments.processes("helper");
        settings = new Settings(
                arguments.text("tool", "echo"),
                arguments.number("connections", 64),
                arguments.number("rounds", 5),
                arguments.number("rate", 1000),
                arguments.number("warm-up", 15) * 1000L,
                arguments.number("settle", 2) * 1000L,
                arguments.number("seconds", 8) * 1000L);
        arguments.refuseOthers();
    }

    /** Returns whether every answer was right. */
    boolean run() {
        Map<Target, List<CallResult>> saturated = new LinkedHashMap<>();
        Map<Target, List<CallResult>> paced = new LinkedHashMap<>();
        for (Target target : targets) {
            stretch(target, 0, settings.warmUpMillis(), 100);
        }
        for (int round = 0; round < settings.rounds(); round++) {
            List<Target> order = round % 2 == 0 ? targets : targets.reversed();
            for (Target target : order) {
                saturated
                        .computeIfAbsent(target, _ -> new ArrayList<>())
                        .add(stretch(target, 0, settings.settleMillis(), settings.measureMillis()));
            }
            for (Target target : order) {
                paced.computeIfAbsent(target, _ -> new ArrayList<>())
                        .add(stretch(target, settings.rate(), settings.settleMillis(), settings.measureMillis()));
            }
        }
        print(saturated, paced);
        return errors(saturated) + errors(paced) == 0;
    }

    private CallResult stretch(Target target, int rate, long settleMillis, long measureMillis) {
        CallLoad load = new CallLoad(transport.loop(), rate);
        int connections = rate == 0 ? settings.connections() : Math.min(settings.connections(), 32);
        List<ClientSession> sessions =
                Together.run(connections, 16, _ -> transport.onLoop(() -> ClientSession.open(transport, target)));
        List<Caller> callers = sessions.stream()
                .map(session -> new Caller(session, settings.tool(), load))
                .toList();
        CallResult result =
                load.run(callers, target, helpers, settleMillis, measureMillis).join();
        Together.run(sessions.size(), 16, index -> transport.onLoop(sessions.get(index)::delete));
        return result;
    }

    private void print(Map<Target, List<CallResult>> saturated, Map<Target, List<CallResult>> paced) {
        Table table = new Table(targets.stream().map(Target::name).toList());
        table.medians("requests/s at saturation", targets, saturated, CallResult::perSecond);
        table.medians("proxy CPU, us/request", targets, saturated, CallResult::proxyCpuMicrosPerCall);
        table.medians("p50 at saturation, ms", targets, saturated, result -> result.latencyMillis(50));
        table.medians("p99 at saturation, ms", targets, saturated, result -> result.latencyMillis(99));
        table.medians("p50 at " + settings.rate() + "/s, ms", targets, paced, result -> result.latencyMillis(50));
        table.medians("p99 at " + settings.rate() + "/s, ms", targets, paced, result -> result.latencyMillis(99));
        table.medians("p99.9 at " + settings.rate() + "/s, ms", targets, paced, result -> result.latencyMillis(99.9));
        table.medians("requests/s at " + settings.rate() + "/s", targets, paced, CallResult::perSecond);
        table.medians(
                "proxy CPU at " + settings.rate() + "/s, us/req", targets, paced, CallResult::proxyCpuMicrosPerCall);
        table.medians("foreign load, cores", targets, saturated, CallResult::foreignCores);
        table.row(
                "errors",
                targets.stream()
                        .map(target -> (double) errors(Map.of(target, saturated.getOrDefault(target, List.of())))
                                + errors(Map.of(target, paced.getOrDefault(target, List.of()))))
                        .toList());
        System.out.println("tool " + settings.tool() + ", " + settings.connections() + " connections, median of "
                + settings.rounds() + " rounds of " + settings.measureMillis() / 1000 + " s; ratios to the first");
        System.out.print(table.text());
    }

    private static long errors(Map<Target, List<CallResult>> results) {
        return results.values().stream()
                .flatMap(List::stream)
                .mapToLong(CallResult::errors)
                .sum();
    }
}
