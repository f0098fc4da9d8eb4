package dev.shadowcat.gateway.config;

import java.util.Locale;

/**
 * One setting as a user meets it. Its three names follow from one: {@code queue.capacity} in a file is
 * {@code SHADOWCAT_QUEUE_CAPACITY} in the environment and {@code --queue-capacity} as a flag.
 *
 * @param name lower case, words joined by dashes, groups by dots
 * @param fallback what holds where nobody says otherwise, as a user would write it
 * @param type how its text is read
 * @param description one sentence for help and documentation
 */
public record Key<T>(String name, String fallback, ValueType<T> type, String description) {
    private static final String ENVIRONMENT_PREFIX = "SHADOWCAT_";

    public String flag() {
        return flag(name);
    }

    public String variable() {
        return variable(name);
    }

    static String flag(String name) {
        return "--" + name.replace('.', '-');
    }

    static String variable(String name) {
        return ENVIRONMENT_PREFIX + name.replace('.', '_').replace('-', '_').toUpperCase(Locale.ROOT);
    }
}
