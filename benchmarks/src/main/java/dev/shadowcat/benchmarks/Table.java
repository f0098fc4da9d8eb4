package dev.shadowcat.benchmarks;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/** Figures of several targets side by side, and the ratios to the first. */
final class Table {
    private final List<String> targets;
    private final StringBuilder text = new StringBuilder();

    Table(List<String> targets) {
        this.targets = targets;
        text.append("%-32s".formatted(""));
        targets.forEach(target -> text.append("%12s".formatted(target)));
        targets.stream().skip(1).forEach(target -> text.append("%12s".formatted(target + " x")));
        text.append('\n');
    }

    /** One figure per target. */
    void row(String name, List<Double> figures) {
        if (figures.size() != targets.size()) {
            throw new IllegalArgumentException(figures.size() + " figures for " + targets.size() + " targets");
        }
        text.append("%-32s".formatted(name));
        figures.forEach(figure -> text.append("%12s".formatted(figure(figure))));
        double first = figures.getFirst();
        figures.stream()
                .skip(1)
                .forEach(figure -> text.append("%12s".formatted(first == 0 ? "-" : figure(figure / first))));
        text.append('\n');
    }

    /** The median of each target's results. */
    <R> void medians(String name, List<Target> order, Map<Target, List<R>> results, ToDoubleFunction<R> figure) {
        row(
                name,
                order.stream()
                        .map(target -> median(results.getOrDefault(target, List.of()).stream()
                                .mapToDouble(figure)
                                .toArray()))
                        .toList());
    }

    String text() {
        return text.toString();
    }

    static double median(double... figures) {
        double[] sorted = DoubleStream.of(figures).sorted().toArray();
        int middle = sorted.length / 2;
        if (sorted.length == 0) {
            return Double.NaN;
        }
        return sorted.length % 2 == 1
                ? sorted[middle]
                : Arrays.stream(sorted, middle - 1, middle + 1).average().orElseThrow();
    }

    static String figure(double figure) {
        return String.format(Locale.ROOT, Math.abs(figure) >= 1000 ? "%,.0f" : "%.3f", figure);
    }
}
