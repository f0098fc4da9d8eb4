package dev.shadowcat.benchmarks;

import java.util.Locale;
import org.HdrHistogram.Histogram;

/** The lines of a replay benchmark, with the bar of each length beside them. */
final class ReplayFigures {
    private ReplayFigures() {}

    /** With bars of p50. */
    static void header() {
        header("bar p50 ms");
    }

    static void header(String bar) {
        System.out.printf(
                "%-32s%10s%10s%12s%12s%12s%14s%8s%n",
                "replay from", "events", "replays", "p50 ms", "p99 ms", "max ms", bar, "whole");
    }

    static void row(String name, int events, Histogram latencies, boolean whole) {
        row(name, events, latencies, events <= 1_000 ? "3" : "20", whole);
    }

    static void row(String name, int events, Histogram latencies, String bar, boolean whole) {
        System.out.printf(
                Locale.ROOT,
                "%-32s%,10d%,10d%12.3f%12.3f%12.3f%14s%8s%n",
                name,
                events,
                latencies.getTotalCount(),
                latencies.getValueAtPercentile(50) / 1e6,
                latencies.getValueAtPercentile(99) / 1e6,
                latencies.getMaxValue() / 1e6,
                bar,
                whole ? "yes" : "NO");
    }
}
