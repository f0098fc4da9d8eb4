package dev.shadowcat.gateway.cli;

import dev.shadowcat.gateway.config.Configuration;
import dev.shadowcat.gateway.config.Key;
import dev.shadowcat.gateway.config.Keys;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** The flags that name settings: made from the table of settings, so that each setting is a flag by construction. */
final class Flags {
    /** What most users want to see; the help names the rest by reference. */
    static final Set<String> PROMINENT = Set.of(
            "upstream",
            "upstream.headers",
            "listen",
            "admin",
            "public-url",
            "allow-host",
            "allow-origin",
            "store",
            "data",
            "durability",
            "config");

    private static final String NAMED_UPSTREAM = "--upstreams-";

    private Flags() {}

    /**
     * Adds the flag of every setting, and those of the named upstreams that the arguments mention.
     *
     * @param shown the settings that the help shows
     */
    static void addTo(CommandSpec command, List<String> arguments, Set<String> shown) {
        command.addOption(OptionSpec.builder("--upstream")
                .type(String.class)
                .hidden(!shown.contains("upstream"))
                .paramLabel("URL")
                .description("The MCP server's Streamable HTTP endpoint. Several by name: upstreams: in the file.")
                .build());
        for (Key<?> key : Keys.withUpstream()) {
            command.addOption(option(key.flag(), key, shown));
        }
        arguments.stream()
                .map(argument -> argument.split("=", 2)[0])
                .filter(flag -> flag.startsWith(NAMED_UPSTREAM) && Configuration.knows(flag))
                .distinct()
                .forEach(flag -> command.addOption(option(flag, Configuration.key(flag), shown)));
    }

    /** The settings among the flags that were given; items of a list joined by line breaks. */
    static Map<String, String> given(ParseResult parsed) {
        Map<String, String> given = new HashMap<>();
        for (OptionSpec option : parsed.matchedOptions()) {
            if (Configuration.knows(option.longestName())) {
                Object value = option.getValue();
                String text = value instanceof String[] items ? String.join("\n", items) : String.valueOf(value);
                given.put(option.longestName(), text);
            }
        }
        return given;
    }

    private static OptionSpec option(String flag, Key<?> key, Set<String> shown) {
        boolean list = key.type().list();
        OptionSpec.Builder option = OptionSpec.builder(flag)
                .paramLabel(key.type().placeholder())
                .type(list ? String[].class : String.class)
                .hidden(!shown.contains(key.name()))
                .description(key.description().replace("%", "%%")
                        + (key.fallback().isEmpty() || list ? "" : " Default: " + key.fallback() + "."));
        return option.build();
    }
}
