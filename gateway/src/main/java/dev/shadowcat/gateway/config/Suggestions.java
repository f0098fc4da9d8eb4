package dev.shadowcat.gateway.config;

import java.util.Comparator;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a user may have meant. */
final class Suggestions {
    private Suggestions() {}

    static String variable(String written) {
        return suggest(written, Key::variable) + "; allowed: those in docs/configuration.md";
    }

    /** Names the nearest key, and what is allowed beside it in its group. */
    static String key(String written) {
        int dot = written.lastIndexOf('.');
        String group = dot < 0 ? "" : written.substring(0, dot + 1);
        String siblings = names(group).distinct().collect(Collectors.joining(", "));
        String allowed = siblings.isEmpty() ? names("").distinct().collect(Collectors.joining(", ")) : siblings;
        return suggest(written, UnaryOperator.identity()) + "; allowed: " + allowed;
    }

    private static Stream<String> names(String group) {
        if (group.startsWith(UpstreamKeys.NAMED)) {
            return group.indexOf('.', UpstreamKeys.NAMED.length()) < 0
                    ? Stream.empty()
                    : UpstreamKeys.DEFAULT.table().stream()
                            .map(key -> key.name().substring(UpstreamKeys.UNNAMED.length()));
        }
        Stream<String> all = Stream.concat(keys(), Stream.of("upstreams"));
        return all.filter(name -> name.startsWith(group)).map(name -> {
            int end = name.indexOf('.', group.length());
            return name.substring(group.length(), end < 0 ? name.length() : end);
        });
    }

    private static String suggest(String written, UnaryOperator<String> spelling) {
        Optional<String> nearest = keys().map(spelling)
                .filter(name -> distance(name, written) <= Math.max(2, written.length() / 5))
                .min(Comparator.comparingInt(name -> distance(name, written)));
        return nearest.map(name -> "; did you mean " + name + "?").orElse("");
    }

    private static Stream<String> keys() {
        return Stream.concat(Keys.table().stream(), UpstreamKeys.DEFAULT.table().stream())
                .map(Key::name);
    }

    /** Edits from one word to the other (Levenshtein). */
    private static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int column = 0; column <= to.length(); column++) {
            row[column] = column;
        }
        for (int line = 1; line <= from.length(); line++) {
            int diagonal = row[0];
            row[0] = line;
            for (int column = 1; column <= to.length(); column++) {
                int substitution = diagonal + (from.charAt(line - 1) == to.charAt(column - 1) ? 0 : 1);
                diagonal = row[column];
                row[column] = Math.min(substitution, Math.min(row[column], row[column - 1]) + 1);
            }
        }
        return row[to.length()];
    }
}
