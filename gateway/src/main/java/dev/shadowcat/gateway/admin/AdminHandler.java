package dev.shadowcat.gateway.admin;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.gateway.http.Exchange;
import dev.shadowcat.gateway.http.ExchangeHandler;
import dev.shadowcat.gateway.telemetry.GatewayView;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoredSession;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The admin port: /health, /ready, /metrics, /sessions, /sessions/ID, /sessions/ID/events, and POST /reload.
 *
 * <p>A session's id is a key to it, and its events are its user's data. So whole ids and events are served only where the
 * port is bound to loopback; elsewhere ids are shortened and events refused.
 */
public final class AdminHandler implements ExchangeHandler {
    /** What /health answers: other commands know a gateway by it. */
    public static final String UP = "{\"status\":\"up\"}";

    private static final String JSON = "application/json";
    private static final String LINES = "application/x-ndjson";
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";
    private static final int PAGE = 1_000;
    private static final int PAGE_BYTES = 8 << 20;

    private final GatewayView view;
    private final Supplier<String> metrics;
    private final Executor reads;
    private final boolean loopback;

    /**
     * Serves one gateway.
     *
     * @param metrics all of them as Prometheus reads them
     * @param reads runs what reads the store; bounded, refuses when full
     * @param loopback whether only this machine can reach the port
     */
    public AdminHandler(GatewayView view, Supplier<String> metrics, Executor reads, boolean loopback) {
        this.view = view;
        this.metrics = metrics;
        this.reads = reads;
        this.loopback = loopback;
    }

    @Override
    public void handle(Exchange exchange) {
        if (exchange.path().equals("/reload")) {
            reload(exchange);
            return;
        }
        if (!exchange.method().equals(HttpMethod.GET) && !exchange.method().equals(HttpMethod.HEAD)) {
            HttpHeaders headers = new DefaultHttpHeaders().set(HttpHeaderNames.ALLOW, "GET, HEAD");
            answer(exchange, 405, headers, JSON, AdminJson.error("the admin port only answers GET"));
            return;
        }
        String path = exchange.path();
        switch (path) {
            case "/health" -> answer(exchange, 200, JSON, UP);
            case "/ready" -> ready(exchange);
            case "/metrics" -> answer(exchange, 200, PROMETHEUS, metrics.get());
            case "/sessions" -> read(exchange, () -> sessions(exchange));
            default -> {
                if (path.startsWith("/sessions/") && path.endsWith("/events")) {
                    read(exchange, () -> events(exchange));
                } else if (path.startsWith("/sessions/")) {
                    read(exchange, () -> session(exchange));
                } else {
                    answer(exchange, 404, JSON, AdminJson.error("try /health /ready /metrics /sessions"));
                }
            }
        }
    }

    /** Changes nothing that is not in the gateway's own file, so whoever can reach the port may ask for it. */
    private void reload(Exchange exchange) {
        if (!exchange.method().equals(HttpMethod.POST)) {
            HttpHeaders headers = new DefaultHttpHeaders().set(HttpHeaderNames.ALLOW, "POST");
            answer(exchange, 405, headers, JSON, AdminJson.error("/reload only answers POST"));
            return;
        }
        read(exchange, () -> answer(exchange, 200, JSON, AdminJson.reloaded(view.reload())));
    }

    private void ready(Exchange exchange) {
        List<String> degraded = view.degraded();
        answer(exchange, degraded.isEmpty() ? 200 : 503, JSON, AdminJson.readiness(degraded));
    }

    private void read(Exchange exchange, Runnable task) {
        try {
            reads.execute(() -> {
                try {
                    task.run();
                } catch (StoreException failed) {
                    answer(exchange, 503, JSON, AdminJson.error(String.valueOf(failed.getMessage())));
                } catch (IllegalArgumentException wrong) {
                    answer(exchange, 400, JSON, AdminJson.error(String.valueOf(wrong.getMessage())));
                }
            });
        } catch (RejectedExecutionException full) {
            answer(exchange, 503, JSON, AdminJson.error("too many reads at one time"));
        }
    }

    /** A page of sessions; the next one begins after its last line's id, named in a header. */
    private void sessions(Exchange exchange) {
        String after = parameter(exchange, "after");
        SessionId from = after == null
                ? null
                : SessionId.parse(after).orElseThrow(() -> new IllegalArgumentException("after: is not a session id"));
        EventStore store = view.store();
        List<StoredSession> page = store.sessions(from, (int) number(exchange, "limit", PAGE, 1, PAGE));
        StringBuilder lines = new StringBuilder();
        for (StoredSession session : page) {
            SessionId id = session.record().id();
            String shown = loopback ? id.toString() : id.shortened();
            lines.append(AdminJson.session(session, store.streams(id), shown, view.openStreams(id)))
                    .append('\n');
        }
        answer(exchange, 200, LINES, lines.toString());
    }

    private void session(Exchange exchange) {
        SessionId id = whole(exchange, exchange.path().substring("/sessions/".length()));
        if (id != null) {
            String line = view.store()
                    .session(id)
                    .map(session ->
                            AdminJson.session(session, view.store().streams(id), id.toString(), view.openStreams(id)))
                    .orElseThrow(() -> new IllegalArgumentException("the session has just ended"));
            answer(exchange, 200, JSON, line + "\n");
        }
    }

    private void events(Exchange exchange) {
        String path = exchange.path();
        SessionId id = whole(exchange, path.substring("/sessions/".length(), path.length() - "/events".length()));
        if (id == null) {
            return;
        }
        int stream = (int) number(exchange, "stream", 0, 0, Integer.MAX_VALUE);
        long after = number(exchange, "after", 0, 0, Long.MAX_VALUE);
        StringBuilder lines = new StringBuilder();
        for (Event event : view.store().read(id, stream, after, PAGE, PAGE_BYTES)) {
            lines.append(AdminJson.event(stream, event)).append('\n');
        }
        answer(exchange, 200, LINES, lines.toString());
    }

    /** The session that a whole id names; null where the exchange was refused. */
    private @Nullable SessionId whole(Exchange exchange, String text) {
        if (!loopback) {
            answer(exchange, 403, JSON, AdminJson.error("served only where the admin port is bound to loopback"));
            return null;
        }
        Optional<SessionId> id = SessionId.parse(text)
                .filter(known -> view.store().session(known).isPresent());
        if (id.isEmpty()) {
            answer(exchange, 404, JSON, AdminJson.error("no such session"));
        }
        return id.orElse(null);
    }

    private static long number(Exchange exchange, String name, long fallback, long least, long most) {
        String text = parameter(exchange, name);
        if (text == null) {
            return fallback;
        }
        if (!text.matches("\\d{1,18}") || Long.parseLong(text) < least || Long.parseLong(text) > most) {
            throw new IllegalArgumentException(name + ": must be a number from " + least + " to " + most);
        }
        return Long.parseLong(text);
    }

    private static @Nullable String parameter(Exchange exchange, String name) {
        List<String> values =
                new QueryStringDecoder(exchange.query()).parameters().getOrDefault(name, List.of());
        return values.isEmpty() ? null : values.getFirst();
    }

    private static void answer(Exchange exchange, int status, String type, String body) {
        answer(exchange, status, new DefaultHttpHeaders(), type, body);
    }

    private static void answer(Exchange exchange, int status, HttpHeaders headers, String type, String body) {
        headers.set(HttpHeaderNames.CONTENT_TYPE, type).set(HttpHeaderNames.CACHE_CONTROL, "no-store");
        exchange.respond(status, headers, Unpooled.copiedBuffer(body, StandardCharsets.UTF_8));
    }
}
