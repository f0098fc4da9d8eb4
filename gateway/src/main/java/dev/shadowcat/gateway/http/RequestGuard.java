package dev.shadowcat.gateway.http;

import dev.shadowcat.gateway.net.HeaderLines;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.util.AsciiString;
import java.net.InetAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Turns away requests that a web page made a browser send to a name or from an origin that is not allowed (DNS rebinding),
 * and gives the pages of allowed origins the headers without which their browser hides our answers from them (CORS).
 */
public final class RequestGuard implements ExchangeHandler {
    private static final AsciiString METHODS = AsciiString.cached("GET, POST, DELETE, OPTIONS");
    /** What an MCP client in a browser reads beyond what browsers always show. */
    private static final AsciiString EXPOSED =
            AsciiString.cached("Mcp-Session-Id, MCP-Protocol-Version, WWW-Authenticate, Retry-After");

    private static final AsciiString MAX_AGE_SECONDS = AsciiString.cached("7200");
    private static final AsciiString ANY = AsciiString.cached(GuardSettings.ANY);
    private static final AsciiString TRUE = AsciiString.cached("true");

    private final Set<String> hosts;
    private final Set<String> origins;
    private final boolean anyHost;
    private final boolean anyOrigin;
    private final @Nullable String boundHost;
    private final ExchangeHandler next;
    private volatile @Nullable String lastAllowed; // one Host after the other is the same

    public RequestGuard(GuardSettings settings, ExchangeHandler next) {
        this.hosts = new HashSet<>(settings.hosts());
        this.origins = new HashSet<>(settings.origins());
        this.anyHost = hosts.remove(GuardSettings.ANY);
        this.anyOrigin = origins.remove(GuardSettings.ANY);
        InetAddress bound = settings.bound();
        this.boundHost = bound == null || bound.isAnyLocalAddress() ? null : Authority.hostOf(bound);
        this.next = next;
    }

    @Override
    public void handle(Exchange exchange) {
        HttpHeaders headers = exchange.headers();
        List<String> named = headers.getAll(HttpHeaderNames.HOST);
        String origin = headers.get(HttpHeaderNames.ORIGIN);
        boolean allowed = origin != null && allowsOrigin(origin);
        if (origin != null && !allowed) {
            refuse(exchange, 403, "this Origin is not allowed");
            return;
        }
        Exchange served = allowed ? new CrossOriginExchange(exchange, this) : exchange;
        // The listener sees to it that HTTP/1.1 names a host. HTTP/1.0 may not; browsers speak none, so none gets
        // around this.
        if (named.size() > 1) {
            refuse(served, 400, "there must be one Host header");
        } else if (!named.isEmpty() && !allowsHost(named.getFirst())) {
            refuse(served, 403, "this Host is not allowed");
        } else if (allowed && isPreflight(exchange)) {
            answerPreflight(served);
        } else {
            next.handle(served);
        }
    }

    @Override
    public void refusing(HttpHeaders request, HttpHeaders answer) {
        next.refusing(request, answer);
        String origin = request.get(HttpHeaderNames.ORIGIN);
        if (origin != null && allowsOrigin(origin)) {
            expose(origin, answer);
        }
    }

    @Override
    public void served(HttpMethod method, int status, long nanos) {
        next.served(method, status, nanos);
    }

    private boolean allowsHost(String value) {
        if (value.equals(lastAllowed)) {
            return true;
        }
        boolean allowed = isAllowed(Authority.parse(value));
        if (allowed) {
            lastAllowed = value;
        }
        return allowed;
    }

    private boolean isAllowed(@Nullable Authority authority) {
        if (authority == null) {
            return false;
        }
        return anyHost || isOwn(authority) || hosts.contains(authority.host()) || namesHostAndPort(authority);
    }

    private boolean namesHostAndPort(Authority authority) {
        return !authority.port().isEmpty() && hosts.contains(authority.host() + ':' + authority.port());
    }

    private boolean allowsOrigin(String value) {
        if (anyOrigin || isListed(value)) {
            return true;
        }
        String lower = value.toLowerCase(Locale.ROOT);
        if (!lower.startsWith("http://") && !lower.startsWith("https://")) {
            return false;
        }
        Authority authority = Authority.ofOrigin(lower);
        return authority != null && isOwn(authority);
    }

    private boolean isListed(String origin) {
        return origins.contains(origin) || origins.contains(origin.toLowerCase(Locale.ROOT));
    }

    private boolean isOwn(Authority authority) {
        return authority.isLoopbackName() || authority.host().equals(boundHost);
    }

    private static boolean isPreflight(Exchange exchange) {
        return HttpMethod.OPTIONS.equals(exchange.method())
                && exchange.headers().contains(HttpHeaderNames.ACCESS_CONTROL_REQUEST_METHOD);
    }

    private static void answerPreflight(Exchange exchange) {
        HttpHeaders answer = ErrorBody.newHeaders();
        answer.add(HttpHeaderNames.ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        String asked = exchange.headers().get(HttpHeaderNames.ACCESS_CONTROL_REQUEST_HEADERS);
        if (asked != null) {
            answer.add(HttpHeaderNames.ACCESS_CONTROL_ALLOW_HEADERS, asked);
            answer.add(HttpHeaderNames.VARY, HttpHeaderNames.ACCESS_CONTROL_REQUEST_HEADERS);
        }
        answer.add(HttpHeaderNames.ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS);
        exchange.respond(204, answer, Unpooled.EMPTY_BUFFER);
    }

    /** Adds what shows an answer to the pages of an allowed origin; an upstream's own say on the matter does not count. */
    HttpHeaders expose(String origin, HttpHeaders answer) {
        HttpHeaders headers =
                answer instanceof HeaderLines ? answer : ErrorBody.newHeaders().add(answer);
        boolean listed = isListed(origin);
        if (anyOrigin && !listed) {
            headers.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
        } else {
            headers.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
        headers.add(HttpHeaderNames.VARY, HttpHeaderNames.ORIGIN);
        if (listed) {
            headers.set(HttpHeaderNames.ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
        } else {
            headers.remove(HttpHeaderNames.ACCESS_CONTROL_ALLOW_CREDENTIALS);
        }
        headers.set(HttpHeaderNames.ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        return headers;
    }

    private static void refuse(Exchange exchange, int status, String message) {
        exchange.respond(status, ErrorBody.headers(), ErrorBody.of(ErrorBody.INVALID_REQUEST, message));
    }
}
