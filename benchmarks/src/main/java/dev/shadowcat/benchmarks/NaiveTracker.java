package dev.shadowcat.benchmarks;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * A tracker as it is written first: for each session maps of its own, a set of the event ids that were seen, and a task for each
 * event that was handed to the store. What Shadowcat's memory is compared with; nothing else uses it.
 */
final class NaiveTracker {
    private final ConcurrentMap<String, Session> sessions = new ConcurrentHashMap<>();

    private static final class Session {
        private final Set<String> seen = new HashSet<>();
        private final List<CompletableFuture<String>> tasks = new ArrayList<>();
        private final Map<String, Object> initialize = new HashMap<>();
        private final Map<String, String> headers = new LinkedHashMap<>();
        private final Map<String, Instant> streams = new ConcurrentHashMap<>();
    }

    /** Opens a session as from a request that was parsed into maps, and returns its id. */
    String open() {
        String id = UUID.randomUUID().toString();
        Session session = new Session();
        Map<String, Object> client = new HashMap<>();
        client.put("name", text("load-generator"));
        client.put("version", text("1"));
        session.initialize.put("protocolVersion", text("2025-11-25"));
        session.initialize.put(
                "capabilities", new HashMap<>(Map.of("tools", new HashMap<>(), "logging", new HashMap<>())));
        session.initialize.put("clientInfo", client);
        session.headers.put("accept", text("application/json, text/event-stream"));
        session.headers.put("content-type", text("application/json"));
        session.headers.put("mcp-protocol-version", text("2025-11-25"));
        session.headers.put("mcp-session-id", id);
        session.streams.put(UUID.randomUUID().toString(), Instant.now());
        sessions.put(id, session);
        return id;
    }

    /** Takes an event unless it was seen; its task stays for as long as the session. */
    boolean event(String sessionId, long number) {
        Session session = sessions.get(sessionId);
        if (session == null || !session.seen.add(sessionId + "_" + number)) {
            return false;
        }
        session.tasks.add(CompletableFuture.completedFuture(sessionId + "_" + number));
        return true;
    }

    int size() {
        return sessions.size();
    }

    /** As a parser gives it: a text of its own each time. */
    private static String text(String constant) {
        return new String(constant.toCharArray());
    }
}
