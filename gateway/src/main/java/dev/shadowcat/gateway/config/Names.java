package dev.shadowcat.gateway.config;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Finds the setting that a name in a file, a variable or a flag means. */
final class Names {
    /** Shorthand for the most used setting. */
    static final String UPSTREAM = "upstream";

    /** No underscore: an upstream's name must come through an environment variable and back. */
    static final Pattern UPSTREAM_NAME = Pattern.compile("[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?");

    private final Map<String, Key<?>> fixed = new HashMap<>();
    private final List<Key<?>> ofUpstreams;
    private final UnaryOperator<String> spelling;

    /**
     * Names as one source spells them.
     *
     * @param spelling how this source writes a setting's name
     */
    Names(UnaryOperator<String> spelling) {
        this.spelling = spelling;
        Stream.concat(Keys.table().stream(), UpstreamKeys.DEFAULT.table().stream())
                .forEach(key -> fixed.put(spelling.apply(key.name()), key));
        fixed.put(spelling.apply(UPSTREAM), UpstreamKeys.DEFAULT.url());
        // Longest first: of ..._A_MAX_EVENT_BYTES the upstream is A.
        this.ofUpstreams = UpstreamKeys.DEFAULT.table().stream()
                .sorted(Comparator.comparingInt((Key<?> key) -> key.name().length())
                        .reversed())
                .toList();
    }

    Optional<Key<?>> find(String written) {
        Key<?> key = fixed.get(written);
        return key != null ? Optional.of(key) : ofNamedUpstream(written);
    }

    private Optional<Key<?>> ofNamedUpstream(String written) {
        String prefix = spelling.apply(UpstreamKeys.NAMED);
        if (!written.startsWith(prefix)) {
            return Optional.empty();
        }
        for (Key<?> key : ofUpstreams) {
            String leaf = key.name().substring(UpstreamKeys.UNNAMED.length());
            String suffix =
                    spelling.apply("x." + leaf).substring(spelling.apply("x").length());
            int end = written.length() - suffix.length();
            if (written.endsWith(suffix) && end > prefix.length()) {
                String name = upstreamName(written.substring(prefix.length(), end));
                return UPSTREAM_NAME.matcher(name).matches()
                        ? UpstreamKeys.of(name).table().stream()
                                .filter(own -> own.name().endsWith("." + leaf))
                                .findFirst()
                        : Optional.empty();
            }
        }
        return Optional.empty();
    }

    private String upstreamName(String written) {
        // Only the environment writes in capitals; there underscores stand for dashes.
        return spelling.apply("x").endsWith("X")
                ? written.toLowerCase(java.util.Locale.ROOT).replace('_', '-')
                : written;
    }
}
