package dev.shadowcat.gateway.demo;

import dev.shadowcat.event.EventId;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.gateway.http.Exchange;
import dev.shadowcat.gateway.http.ExchangeHandler;
import dev.shadowcat.gateway.http.ExchangeListener;
import dev.shadowcat.gateway.http.StreamedResponse;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** A small MCP server, revision 2025-11-25, to try a gateway with: it gives event ids and resumes streams by them. */
public final class DemoServer implements ExchangeHandler {
    private static final String SESSION = "Mcp-Session-Id";
    private static final List<String> VERSIONS = List.of("2025-11-25", "2025-06-18", "2025-03-26");
    private static final int SESSIONS = 1_000;
    private static final int MOST_STEPS = 1_000;
    private static final int MOST_MILLIS = 60_000;

    private final RandomGenerator random;
    private final Map<String, DemoSession> sessions = new LinkedHashMap<>();

    /**
     * A server without sessions.
     *
     * @param random makes session ids
     */
    public DemoServer(RandomGenerator random) {
        this.random = random;
    }

    @Override
    public void handle(Exchange exchange) {
        if (!exchange.path().equals("/mcp")) {
            respond(exchange, 404, new byte[0]);
            return;
        }
        switch (exchange.method().name()) {
            case "POST" -> post(exchange);
            case "GET" -> get(exchange);
            case "DELETE" -> delete(exchange);
            default -> respond(exchange, 405, new byte[0]);
        }
    }

    private void post(Exchange exchange) {
        JsonNode message;
        try {
            byte[] body = new byte[exchange.body().readableBytes()];
            exchange.body().getBytes(exchange.body().readerIndex(), body);
            message = DemoMessages.JSON.readTree(body);
        } catch (JacksonException broken) {
            respond(exchange, 400, DemoMessages.error(DemoMessages.JSON.nullNode(), -32700, "is not JSON"));
            return;
        }
        String method = message.path("method").asString("");
        if (method.equals("initialize")) {
            initialize(exchange, message);
            return;
        }
        DemoSession session = session(exchange);
        if (session == null) {
            refuse(exchange);
        } else if (!message.has("id") || method.isEmpty()) {
            respond(exchange, 202, new byte[0]);
        } else {
            request(exchange, session, method, message);
        }
    }

    private void initialize(Exchange exchange, JsonNode message) {
        String asked = message.path("params").path("protocolVersion").asString("");
        String version = VERSIONS.contains(asked) ? asked : VERSIONS.getFirst();
        String id = new SessionId(random.nextLong(), random.nextLong()).toString();
        synchronized (sessions) {
            sessions.put(id, new DemoSession());
            if (sessions.size() > SESSIONS) {
                evictOldest();
            }
        }
        HttpHeaders headers = new DefaultHttpHeaders().set(SESSION, id);
        respond(exchange, 200, headers, DemoMessages.initialized(message.get("id"), version));
    }

    private void evictOldest() {
        var oldest = sessions.entrySet().iterator();
        DemoSession session = oldest.next().getValue();
        oldest.remove();
        session.close();
    }

    private void request(Exchange exchange, DemoSession session, String method, JsonNode message) {
        JsonNode id = message.get("id");
        switch (method) {
            case "ping", "logging/setLevel" -> respond(exchange, 200, DemoMessages.empty(id));
            case "tools/list" -> respond(exchange, 200, DemoMessages.tools(id));
            case "tools/call" -> call(exchange, session, id, message.path("params"));
            default -> respond(exchange, 200, DemoMessages.error(id, -32601, "no such method: " + method));
        }
    }

    private void call(Exchange exchange, DemoSession session, JsonNode id, JsonNode params) {
        JsonNode arguments = params.path("arguments");
        int millis = bounded(arguments.path("millis").asInt(500), MOST_MILLIS);
        switch (params.path("name").asString("")) {
            case "echo" ->
                respond(
                        exchange,
                        200,
                        DemoMessages.text(id, arguments.path("text").asString("")));
            case "slow" -> {
                DemoStream stream = session.newAnswer();
                connect(exchange, stream, 0, true);
                JsonNode token = params.path("_meta").path("progressToken");
                int steps = bounded(arguments.path("steps").asInt(10), MOST_STEPS);
                step(exchange.loop(), stream, id, token, 1, steps, millis);
            }
            case "announce" -> {
                int count = bounded(arguments.path("count").asInt(5), MOST_STEPS);
                announce(exchange.loop(), session.standalone(), 1, count, millis);
                respond(exchange, 200, DemoMessages.text(id, "announcing " + count + " times"));
            }
            default -> respond(exchange, 200, DemoMessages.error(id, -32602, "no such tool"));
        }
    }

    private static void step(
            EventLoop loop, DemoStream stream, JsonNode id, JsonNode token, int step, int steps, int millis) {
        var _ = loop.schedule(
                () -> {
                    if (token.isValueNode()) {
                        stream.add(DemoMessages.progress(token, step, steps));
                    }
                    if (step < steps) {
                        step(loop, stream, id, token, step + 1, steps, millis);
                        return;
                    }
                    stream.add(DemoMessages.text(id, "done after " + steps + " steps"));
                    stream.finish();
                },
                millis,
                TimeUnit.MILLISECONDS);
    }

    private static void announce(EventLoop loop, DemoStream stream, int turn, int count, int millis) {
        var _ = loop.schedule(
                () -> {
                    stream.add(DemoMessages.log("announcement " + turn + " of " + count));
                    if (turn < count) {
                        announce(loop, stream, turn + 1, count, millis);
                    }
                },
                millis,
                TimeUnit.MILLISECONDS);
    }

    private void get(Exchange exchange) {
        DemoSession session = session(exchange);
        if (session == null) {
            refuse(exchange);
            return;
        }
        String cursor = exchange.headers().get("Last-Event-ID");
        if (cursor == null) {
            connect(exchange, session.standalone(), session.standalone().last(), true);
            return;
        }
        Optional<EventId> id = EventId.parse(cursor);
        DemoStream stream = id.map(known -> session.stream(known.stream())).orElse(null);
        if (stream == null || id.orElseThrow().sequence() > stream.last()) {
            respond(exchange, 400, DemoMessages.error(DemoMessages.JSON.nullNode(), -32600, "unknown event id"));
            return;
        }
        connect(exchange, stream, id.orElseThrow().sequence(), true);
    }

    private void delete(Exchange exchange) {
        String id = exchange.headers().get(SESSION);
        DemoSession gone;
        synchronized (sessions) {
            gone = id == null ? null : sessions.remove(id);
        }
        if (gone == null) {
            refuse(exchange);
            return;
        }
        gone.close();
        respond(exchange, 204, new byte[0]);
    }

    private static void connect(Exchange exchange, DemoStream stream, long after, boolean longLived) {
        HttpHeaders headers = new DefaultHttpHeaders()
                .set(HttpHeaderNames.CONTENT_TYPE, "text/event-stream")
                .set(HttpHeaderNames.CACHE_CONTROL, "no-store");
        StreamedResponse response = exchange.startStream(200, headers, longLived);
        exchange.listener(new ExchangeListener() {
            @Override
            public void clientGone() {
                stream.detach(response);
            }
        });
        stream.attach(response, after);
    }

    private @Nullable DemoSession session(Exchange exchange) {
        String id = exchange.headers().get(SESSION);
        synchronized (sessions) {
            return id == null ? null : sessions.get(id);
        }
    }

    private static void refuse(Exchange exchange) {
        boolean missing = !exchange.headers().contains(SESSION);
        String problem = missing ? "the session id is missing" : "no such session";
        respond(
                exchange,
                missing ? 400 : 404,
                DemoMessages.error(DemoMessages.JSON.nullNode(), missing ? -32600 : -32001, problem));
    }

    private static int bounded(int asked, int most) {
        return Math.clamp(asked, 1, most);
    }

    private static void respond(Exchange exchange, int status, byte[] body) {
        respond(exchange, status, new DefaultHttpHeaders(), body);
    }

    private static void respond(Exchange exchange, int status, HttpHeaders headers, byte[] body) {
        if (body.length > 0) {
            headers.set(HttpHeaderNames.CONTENT_TYPE, "application/json");
        }
        exchange.respond(status, headers, Unpooled.wrappedBuffer(body));
    }
}
