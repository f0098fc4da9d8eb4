package dev.shadowcat.store.redis;

import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A server and what it says of itself.
 *
 * @param id the same for as long as the server keeps its place
 * @param name for people
 * @param info the lines of its INFO; empty where it does not answer
 */
record RedisServer(String id, String name, Map<String, String> info) {
    static RedisServer answering(String id, String name, String info) {
        return new RedisServer(id, name, parse(info));
    }

    static RedisServer silent(String id, String name) {
        return new RedisServer(id, name, Map.of());
    }

    static Map<String, String> parse(String info) {
        return info.lines()
                .filter(line -> line.indexOf(':') > 0 && !line.startsWith("#"))
                .collect(Collectors.toMap(
                        line -> line.substring(0, line.indexOf(':')),
                        line -> line.substring(line.indexOf(':') + 1).strip(),
                        (_, last) -> last));
    }

    boolean answers() {
        return !info.isEmpty();
    }

    boolean takesWrites() {
        return "master".equals(info.get("role"));
    }

    /** What tells it from the same server before a restart and from a replica that took its place; {@code ""} if it is silent. */
    String identity() {
        return answers() ? info.get("run_id") + ":" + info.get("master_replid") : "";
    }

    @Nullable
    String get(String field) {
        return info.get(field);
    }
}
