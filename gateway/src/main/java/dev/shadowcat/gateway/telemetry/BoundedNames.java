package dev.shadowcat.gateway.telemetry;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Names of tools or prompts that metrics tell apart: the first so many that worked, since anybody can call by any name. */
final class BoundedNames {
    /** Stands for every other name. */
    static final String OTHER = "_other";

    private static final int MAX_CHARS = 128;

    private final Map<String, String> names = new ConcurrentHashMap<>();
    private final int limit;

    BoundedNames(int limit) {
        this.limit = limit;
    }

    /** The name, or {@link #OTHER}. */
    String of(String name) {
        String known = names.get(name);
        return known == null ? OTHER : known;
    }

    /** A call by that name worked: from now on it is told apart, where there is room. Two at once may go a little beyond. */
    void worked(String name) {
        if (!names.containsKey(name) && names.size() < limit && name.length() <= MAX_CHARS && isText(name)) {
            names.putIfAbsent(name, name);
        }
    }

    /** Whether it can be written: half a surrogate pair becomes a question mark, and two names would be shown as one. */
    private static boolean isText(String name) {
        return StandardCharsets.UTF_8.newEncoder().canEncode(name);
    }
}
