package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.http.Exchange;
import dev.shadowcat.gateway.net.HeaderLines;
import dev.shadowcat.gateway.node.OtherNodes;
import dev.shadowcat.mcp.McpErrors;
import dev.shadowcat.mcp.Messages;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.session.Session;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The whole answers that are Shadowcat's own, to a request under its id. */
final class Answers {
    private static final String JSON = "application/json";
    private static final int MISDIRECTED = 421;

    private Answers() {}

    static HttpHeaders headers() {
        return new HeaderLines();
    }

    static void error(Exchange exchange, int status, int code, String message) {
        json(exchange, status, headers(), Messages.error(PostExchange.requestId(exchange), code, message));
    }

    static void error(
            Exchange exchange, int status, @Nullable RequestId id, int code, String message, Map<String, ?> data) {
        json(exchange, status, headers(), Messages.error(id, code, message, data));
    }

    static void json(Exchange exchange, int status, HttpHeaders headers, byte[] body) {
        headers.set(HttpHeaderNames.CONTENT_TYPE, JSON);
        exchange.respond(status, headers, Unpooled.wrappedBuffer(body));
    }

    static void empty(Exchange exchange, int status) {
        exchange.respond(status, headers(), Unpooled.EMPTY_BUFFER);
    }

    /** No session by that id, for this client (2025-11-25, basic/transports, Session Management). */
    static void noSession(Exchange exchange) {
        error(exchange, 404, McpErrors.SESSION_NOT_FOUND, "Session not found");
    }

    /** A session that was found is over: for good, or on this node. */
    static void over(Session session, Exchange exchange) {
        if (session.isLost()) {
            busy(exchange, "Another node holds the session now");
        } else {
            noSession(exchange);
        }
    }

    /**
     * A node asked that does not hold the session, or not for long; one that stops says so. With the word of nodes: a server behind the
     * holder may answer 421 too.
     */
    static void misdirected(Exchange exchange, Nodes nodes) {
        HttpHeaders headers =
                headers().set(OtherNodes.MISDIRECTED, nodes.others().word());
        if (nodes.stopping()) {
            headers.set(OtherNodes.STOPS, "1");
        }
        PostExchange.elsewhere(exchange).respond(MISDIRECTED, headers, Unpooled.EMPTY_BUFFER);
    }

    static void busy(Exchange exchange, String reason) {
        HttpHeaders headers = headers().set(HttpHeaderNames.RETRY_AFTER, "5");
        RequestId id = PostExchange.requestId(exchange);
        json(exchange, 503, headers, Messages.error(id, McpErrors.SERVER_ERROR, reason));
    }

    /** Passes an answer of the upstream on whole. */
    static void pass(Relay relay, Upstream target, Exchange exchange, Reply reply) {
        exchange.respond(reply.status(), passed(relay, target, reply.headers()), Unpooled.wrappedBuffer(reply.body()));
    }

    /** The headers of an upstream's answer as the client may see them. */
    static HttpHeaders passed(Relay relay, Upstream target, HttpHeaders upstream) {
        HttpHeaders headers = ForwardedHeaders.response(upstream);
        MetadataRelay.rewriteChallenge(
                headers,
                relay.settings().access().publicUrl(),
                target.settings().name());
        return headers;
    }
}
