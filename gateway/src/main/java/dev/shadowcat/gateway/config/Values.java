package dev.shadowcat.gateway.config;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/** What was given for each key, and where; defaults for the rest. */
public final class Values {
    private final Map<String, Given> given;

    private Values(Map<String, Given> given) {
        this.given = given;
    }

    /** @param layers from the weakest to the strongest */
    @SafeVarargs
    static Values layered(Map<String, Given>... layers) {
        Map<String, Given> merged = new HashMap<>();
        for (Map<String, Given> layer : layers) {
            merged.putAll(layer);
        }
        return new Values(merged);
    }

    /**
     * The value of a key.
     *
     * @throws ConfigurationException naming where it stands and what is allowed
     */
    public <T> T get(Key<T> key) {
        Given text = given.get(key.name());
        try {
            return key.type().read(text == null ? key.fallback() : text.text().strip());
        } catch (IllegalArgumentException wrong) {
            throw new ConfigurationException(origin(key.name()) + ": " + wrong.getMessage() + "; allowed: "
                    + key.type().allowed());
        }
    }

    /** What a key was given, as it was written; its default where it was not. */
    String text(Key<?> key) {
        Given text = given.get(key.name());
        return text == null ? key.fallback() : text.text().strip();
    }

    /** Every key of which something was given. */
    Set<String> keys() {
        return Set.copyOf(given.keySet());
    }

    /** Whether anyone gave it; a computed default has the key itself as origin. */
    boolean given(String key) {
        Given text = given.get(key);
        return text != null && !text.origin().equals(key);
    }

    /** Whether a key was given the same text in both. */
    boolean same(String key, Values other) {
        Given here = given.get(key);
        Given there = other.given.get(key);
        return here != null && there != null && here.text().equals(there.text());
    }

    /** Where a key was given, as a user would look for it; the key itself where it was not. */
    String origin(String key) {
        Given text = given.get(key);
        return text == null ? key : text.origin();
    }

    /** The names of all upstreams of which anything was given; {@code ""} is the one at /mcp. */
    SortedSet<String> upstreams() {
        SortedSet<String> names = new TreeSet<>();
        for (String key : given.keySet()) {
            if (key.startsWith(UpstreamKeys.UNNAMED)) {
                names.add("");
            }
            if (key.startsWith(UpstreamKeys.NAMED)) {
                int start = UpstreamKeys.NAMED.length();
                names.add(key.substring(start, key.indexOf('.', start)));
            }
        }
        return names;
    }
}
