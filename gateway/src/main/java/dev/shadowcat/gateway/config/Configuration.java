package dev.shadowcat.gateway.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Everything that users said, from all sources: flags over the environment over the file over defaults. */
public final class Configuration {
    private final Values values;
    private final Map<String, String> flags;
    private final Map<String, String> environment;

    private Configuration(Values values, Map<String, String> flags, Map<String, String> environment) {
        this.values = values;
        this.flags = Map.copyOf(flags);
        this.environment = Map.copyOf(environment);
    }

    /**
     * Reads all sources.
     *
     * @param flags each flag with its value, such as {@code --queue-capacity} and {@code 500}; items of a list joined by line
     *     breaks
     * @throws ConfigurationException with one line for the user
     */
    public static Configuration read(Map<String, String> flags, Map<String, String> environment) {
        Map<String, Given> fromFlags = flags(flags);
        Map<String, Given> fromEnvironment = Environment.read(environment);
        Map<String, Given> fromFile = Values.layered(fromEnvironment, fromFlags)
                .get(Keys.CONFIG)
                .map(YamlFile::read)
                .orElse(Map.of());
        if (fromFile.containsKey(Keys.CONFIG.name())) {
            throw new ConfigurationException(
                    fromFile.get(Keys.CONFIG.name()).origin() + ": a file cannot name another file");
        }
        return new Configuration(
                Values.layered(computed(environment), fromFile, fromEnvironment, fromFlags), flags, environment);
    }

    /** Reads all sources once more: only the file can say something else than before. */
    public Configuration again() {
        return read(flags, environment);
    }

    /** What another configuration says otherwise: first what a running gateway can take over, then what it cannot. */
    public Changes changesTo(Configuration next) {
        List<String> reloadable = new ArrayList<>();
        for (Key<?> key : Keys.RELOADABLE) {
            String before = values.text(key);
            String after = next.values.text(key);
            if (!before.equals(after)) {
                reloadable.add(key.name() + " " + before + " → " + after);
            }
        }
        Set<String> known = Keys.RELOADABLE.stream().map(Key::name).collect(Collectors.toSet());
        SortedSet<String> others = new TreeSet<>(values.keys());
        others.addAll(next.values.keys());
        others.removeIf(key -> known.contains(key) || values.same(key, next.values));
        return new Changes(reloadable, List.copyOf(others));
    }

    /**
     * What one configuration says otherwise than another.
     *
     * @param reloadable with the values before and after
     * @param needRestart keys alone: a value may be a secret
     */
    public record Changes(List<String> reloadable, List<String> needRestart) {}

    /** The settings of a gateway, checked. */
    public GatewaySettings gateway() {
        try {
            return GatewaySettings.from(values, new Placeholders(environment));
        } catch (SettingException broken) {
            throw new ConfigurationException(values.origin(broken.key()) + ": " + broken.problem());
        }
    }

    /** The variables that were read, those of others included. */
    public Map<String, String> environment() {
        return environment;
    }

    /** One setting alone, for commands that need no gateway. */
    public <T> T get(Key<T> key) {
        return values.get(key);
    }

    /** Whether anyone gave a setting, or its default holds. */
    public boolean given(Key<?> key) {
        return values.given(key.name());
    }

    private static Map<String, Given> flags(Map<String, String> flags) {
        Names names = new Names(Key::flag);
        Map<String, Given> given = new HashMap<>();
        flags.forEach((flag, text) -> {
            Key<?> key = names.find(flag).orElseThrow(() -> new ConfigurationException(flag + ": no such flag"));
            given.put(key.name(), new Given(text, flag));
        });
        return given;
    }

    /** Whether a flag names a setting, those of named upstreams included. */
    public static boolean knows(String flag) {
        return new Names(Key::flag).find(flag).isPresent();
    }

    /** The setting that a flag names. */
    public static Key<?> key(String flag) {
        return new Names(Key::flag).find(flag).orElseThrow(() -> new ConfigurationException(flag + ": no such flag"));
    }

    /** The default data folder depends on who runs it. */
    private static Map<String, Given> computed(Map<String, String> environment) {
        String base = environment.getOrDefault("XDG_DATA_HOME", "");
        Path folder = base.isEmpty() ? Path.of(System.getProperty("user.home"), ".local", "share") : Path.of(base);
        return Map.of(Keys.DATA.name(), new Given(folder.resolve("shadowcat").toString(), Keys.DATA.name()));
    }
}
