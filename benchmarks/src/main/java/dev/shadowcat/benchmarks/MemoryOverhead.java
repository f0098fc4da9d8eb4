package dev.shadowcat.benchmarks;

import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Mode {@code memory}: what sessions take of a gateway's heap, measured by its class histogram after a full collection, beside
 * what the gateway itself computes from its structures.
 */
final class MemoryOverhead {
    private static final int WARM_UP = 1_000; // what grows once with the first sessions and stays is not theirs
    private static final int SETTLE_MILLIS = 7_000; // pooled connections live a few seconds idle
    private static final int SURVEY_MILLIS = 12_000; // the gateway measures its sessions every 10 s
    private static final int TOLERATED_PERCENT = 20;

    /** Classes that make up tracking: the record, the tracker with its way to the store, entries of maps, texts. */
    private static final List<String> TRACKING = List.of(
            "dev.shadowcat.event.",
            "dev.shadowcat.session.",
            "dev.shadowcat.store.",
            "dev.shadowcat.persist.",
            "dev.shadowcat.gateway.relay.RelaySession",
            "dev.shadowcat.gateway.relay.CredentialGate",
            "java.lang.String",
            "[B",
            "java.util.LinkedHashMap$Entry",
            "[Ljava.util.HashMap$Node;",
            "java.util.concurrent.ConcurrentHashMap$Node",
            "[Ljava.util.concurrent.ConcurrentHashMap$Node;");

    /** What the embedded store keeps of sessions that were written to last, whether they are in memory or not: bounded, its own. */
    private static final List<String> STORE =
            List.of("dev.shadowcat.store.rocksdb.", "java.util.LinkedHashMap$Entry", "[Ljava.util.HashMap$Node;");

    private final Transport transport = new Transport("load");
    private final Target target;
    private final long process;
    private final UpstreamOrders upstream;
    private final GatewayMetrics figures;
    private final boolean live;
    private final List<Integer> counts;
    private final int maxSessions;
    private boolean agrees = true;

    MemoryOverhead(Arguments arguments) {
        target = arguments.targets().getFirst();
        process = target.processes().getFirst();
        upstream = new UpstreamOrders(URI.create(arguments.text("upstream")));
        figures = new GatewayMetrics(URI.create(arguments.text("admin")));
        live = arguments.text("kind").equals("live");
        counts = Arrays.stream(arguments.text("counts").split(",", -1))
                .map(Integer::valueOf)
                .toList();
        maxSessions = arguments.number("max-sessions", Integer.MAX_VALUE);
        arguments.refuseOthers();
    }

    /** Returns whether computed and measured agree, and every evicted session that was asked came back whole. */
    boolean run() {
        IdleSessions idle = new IdleSessions(target.endpoint());
        if (live) {
            StreamSet first = StreamSet.open(transport, target, WARM_UP);
            upstream.await(WARM_UP + " open streams", 10, state -> state.streams() == WARM_UP);
            first.delete();
            upstream.await("no open stream", 10, state -> state.streams() == 0);
        } else {
            idle.open(WARM_UP);
            idle.deleteAll();
        }
        Pause.millis(SETTLE_MILLIS);
        LiveHeap before = LiveHeap.of(process);
        System.out.printf(
                "%-10s%10s%12s%10s%10s%12s%12s%12s%14s%14s%n",
                live ? "live" : "idle",
                "in memory",
                "measured",
                "tracking",
                "store's",
                "without it",
                "computed",
                "difference",
                "heap",
                "resident");
        List<StreamSet> sets = new ArrayList<>(); // reachable, so that they stay open
        int open = 0;
        for (int count : counts) {
            if (live) {
                sets.add(StreamSet.open(transport, target, count - open));
                upstream.await(count + " open streams", 60, state -> state.streams() == count);
            } else {
                idle.open(count - open);
            }
            open = count;
            Pause.millis(SETTLE_MILLIS + SURVEY_MILLIS);
            row(before, count);
        }
        boolean whole = live || open <= maxSessions || cameBack(idle);
        return agrees && whole && sets.stream().allMatch(set -> set.read(set.tally()::endedStreams) == 0);
    }

    /** Bytes for each session in memory, in the columns of the head; what the gateway computes is all but the store's. */
    private void row(LiveHeap before, int count) {
        double inMemory = figures.value("memory_session_count");
        double computed = figures.value("memory_total_bytes") / inMemory;
        LiveHeap after = LiveHeap.of(process);
        double whole = (after.bytes() - before.bytes()) / inMemory;
        double store = (bytesOf(after, STORE) - bytesOf(before, STORE)) / inMemory;
        double measured = whole - store;
        double percent = (computed - measured) / measured * 100;
        // Where sessions were evicted the store's cache has keys that no session shares any more: nothing to judge by.
        agrees &= inMemory < count || Math.abs(percent) <= TOLERATED_PERCENT;
        System.out.printf(
                "%,-10d%,10.0f%,12.0f%,10.0f%,10.0f%,12.0f%,12.0f%11.1f%%%,14d%,14d%n",
                count,
                inMemory,
                whole,
                (bytesOf(after, TRACKING) - bytesOf(before, TRACKING)) / inMemory,
                store,
                measured,
                computed,
                percent,
                after.bytes(),
                ProcessTimes.residentBytes(process));
    }

    private static double bytesOf(LiveHeap heap, List<String> classes) {
        return heap.byClass().entrySet().stream()
                .filter(entry -> classes.stream().anyMatch(entry.getKey()::startsWith))
                .mapToLong(Map.Entry::getValue)
                .sum();
    }

    private boolean cameBack(IdleSessions idle) {
        System.out.printf("%-44s%,14.0f%n", "evicted", figures.value("session_evictions_total"));
        boolean bounded = figures.value("memory_session_count") <= maxSessions;
        int whole = idle.resumeSampled();
        System.out.printf("%-44s%,14d%n", "sampled sessions asked for after their cursor", idle.sampled());
        System.out.printf("%-44s%,14d%n", "of them came back with exactly what followed", whole);
        return bounded && whole == idle.sampled();
    }
}
