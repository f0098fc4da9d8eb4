package dev.shadowcat.benchmarks;

import java.util.HashMap;
import java.util.Map;

/**
 * Orders to the upstream over HTTP, beside its MCP endpoint: {@code /control/emit?rate=1000&events=5000&bytes=300} and
 * {@code /control/state}. On the upstream's event loop.
 */
final class UpstreamControl {
    private final UpstreamSessions sessions;
    private final Emitter emitter;

    UpstreamControl(UpstreamSessions sessions, Emitter emitter) {
        this.sessions = sessions;
        this.emitter = emitter;
    }

    /** Obeys, and answers with the state as JSON. */
    String obey(String target) {
        if (target.startsWith("/control/emit")) {
            Map<String, String> order = query(target);
            emitter.start(
                    Double.parseDouble(order.getOrDefault("rate", "1000")),
                    Long.parseLong(order.getOrDefault("events", "1000")),
                    Integer.parseInt(order.getOrDefault("bytes", "300")));
        }
        return "{\"sessions\":" + sessions.size() + ",\"streams\":"
                + sessions.streaming().size() + ",\"left\":" + emitter.left() + ",\"emitted\":" + emitter.emitted()
                + "}";
    }

    private static Map<String, String> query(String target) {
        Map<String, String> values = new HashMap<>();
        for (String pair : target.substring(target.indexOf('?') + 1).split("&", -1)) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                values.put(pair.substring(0, equals), pair.substring(equals + 1));
            }
        }
        return values;
    }
}
