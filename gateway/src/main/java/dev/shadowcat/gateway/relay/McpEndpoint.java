package dev.shadowcat.gateway.relay;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.gateway.http.Exchange;
import dev.shadowcat.gateway.http.ExchangeHandler;
import dev.shadowcat.mcp.Envelope;
import dev.shadowcat.mcp.McpErrors;
import dev.shadowcat.mcp.McpMethod;
import dev.shadowcat.mcp.Message;
import dev.shadowcat.mcp.MessageReader;
import dev.shadowcat.mcp.ProtocolVersions;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpMethod;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The MCP endpoint: decides what a request is and who serves it. On the event loop of the client's connection. */
final class McpEndpoint implements ExchangeHandler {
    private static final String PATH = "/mcp";
    private static final String WELL_KNOWN = "/.well-known/oauth-";
    private static final String MODERN_METHOD_HEADER = "mcp-method";

    private final Relay relay;

    McpEndpoint(Relay relay) {
        this.relay = relay;
    }

    @Override
    public void handle(Exchange exchange) {
        Nodes nodes = relay.nodes();
        if (nodes == null || !nodes.sentOn(exchange)) {
            serve(exchange);
            return;
        }
        nodes.watchAddress(exchange);
        Exchange answered = new NodeExchange(exchange, nodes.others());
        if (exchange.path().equals(NodeProbes.PATH)) {
            Answers.empty(answered, 204);
        } else {
            serve(answered);
        }
    }

    private void serve(Exchange exchange) {
        String path = exchange.path();
        if (path.startsWith(WELL_KNOWN)) {
            new MetadataRelay(relay, exchange).start();
            return;
        }
        Upstream target = target(path);
        if (target == null) {
            Answers.error(exchange, 404, McpErrors.INVALID_REQUEST, "There is nothing at this path");
            return;
        }
        switch (exchange.method().name()) {
            case "POST" -> post(target, exchange);
            case "GET" -> get(target, exchange);
            case "DELETE" -> delete(target, exchange);
            default -> Answers.error(exchange, 405, McpErrors.INVALID_REQUEST, "Only GET, POST and DELETE are served");
        }
    }

    @Override
    public void served(HttpMethod method, int status, long nanos) {
        relay.operations().served(method, status, nanos);
    }

    private @Nullable Upstream target(String path) {
        if (path.equals(PATH) || path.equals(PATH + "/")) {
            return relay.upstream("");
        }
        return path.startsWith(PATH + "/") ? relay.upstream(path.substring(PATH.length() + 1)) : null;
    }

    private void post(Upstream target, Exchange exchange) {
        ByteBuf body = exchange.body();
        Message message =
                MessageReader.read(body.array(), body.arrayOffset() + body.readerIndex(), body.readableBytes());
        if (!ForwardedHeaders.accepts(exchange.headers(), "application/json")
                || !ForwardedHeaders.accepts(exchange.headers(), "text/event-stream")) {
            Answers.error(
                    message instanceof Message.Single single
                            ? PostExchange.of(exchange, single, relay.operations())
                            : exchange,
                    406,
                    McpErrors.INVALID_REQUEST,
                    "Accept must take both application/json and text/event-stream");
            return;
        }
        switch (message) {
            case Message.Malformed malformed -> Answers.error(exchange, 400, malformed.code(), malformed.reason());
            case Message.Single single -> single(target, PostExchange.of(exchange, single, relay.operations()), single);
            case Message.Batch batch -> {
                byte[] sent = bytes(exchange);
                PostExchange post = PostExchange.of(exchange, batch, relay.operations());
                inSession(target, post, session -> batch(session, target, post, sent, batch));
            }
        }
    }

    private void single(Upstream target, PostExchange exchange, Message.Single single) {
        Envelope envelope = single.envelope();
        if (envelope.is(McpMethod.INITIALIZE) && envelope.isRequest()) {
            begin(target, exchange, envelope);
            return;
        }
        // A header of the stateless era without its body is for the upstream to judge, unless a session says otherwise.
        boolean modern = exchange.headers().contains(MODERN_METHOD_HEADER)
                && !exchange.headers().contains(ForwardedHeaders.SESSION);
        if (envelope.isStateless() || modern) {
            new PassThrough(relay, target, exchange, envelope.id(), exchange.operation()).start();
            return;
        }
        byte[] sent = bytes(exchange);
        inSession(target, exchange, session -> SessionPost.relay(session, target, exchange, sent, single));
    }

    private void begin(Upstream target, PostExchange exchange, Envelope envelope) {
        Nodes nodes = relay.nodes();
        if (nodes != null && nodes.handsOver()) {
            new Successors(relay, nodes, exchange, null).start();
            return;
        }
        new InitializeRelay(relay, target, exchange, bytes(exchange), envelope).start();
    }

    private static void batch(
            RelaySession session, Upstream target, PostExchange exchange, byte[] sent, Message.Batch batch) {
        if (!ProtocolVersions.batches(session.protocolVersion())) {
            Answers.error(exchange, 400, McpErrors.INVALID_REQUEST, "This revision knows no batches");
            return;
        }
        SessionPost.relay(session, target, exchange, sent, batch);
    }

    /** A copy of the body: the exchange has none any more once it is answered or its client has left. */
    private static byte[] bytes(Exchange exchange) {
        ByteBuf body = exchange.body();
        int begin = body.arrayOffset() + body.readerIndex();
        return Arrays.copyOfRange(body.array(), begin, begin + body.readableBytes());
    }

    private void get(Upstream target, Exchange exchange) {
        if (!ForwardedHeaders.accepts(exchange.headers(), "text/event-stream")) {
            Answers.error(exchange, 406, McpErrors.INVALID_REQUEST, "Accept must take text/event-stream");
            return;
        }
        if (ProtocolVersions.STATELESS.equals(exchange.headers().get(ForwardedHeaders.VERSION))) {
            new PassThrough(relay, target, exchange, null, null).start();
            return;
        }
        inSession(target, exchange, session -> new StreamRequest(session, target, exchange).start());
    }

    private void delete(Upstream target, Exchange exchange) {
        if (ProtocolVersions.STATELESS.equals(exchange.headers().get(ForwardedHeaders.VERSION))) {
            new PassThrough(relay, target, exchange, null, null).start();
            return;
        }
        inSession(target, exchange, session -> new Deletion(session, target, exchange).start());
    }

    /** Finds the session that a request names, and lets through whom it belongs to. */
    private void inSession(Upstream target, Exchange exchange, Consumer<RelaySession> then) {
        if (ForwardedHeaders.ambiguous(exchange.headers())) {
            Answers.error(
                    exchange,
                    400,
                    McpErrors.INVALID_REQUEST,
                    "Mcp-Session-Id, MCP-Protocol-Version and Last-Event-ID must not come twice");
            return;
        }
        String version = exchange.headers().get(ForwardedHeaders.VERSION);
        if (version != null && !ProtocolVersions.ALL.contains(version)) {
            Answers.error(
                    exchange,
                    400,
                    McpErrors.INVALID_REQUEST,
                    "Unsupported MCP-Protocol-Version; supported are "
                            + String.join(", ", ProtocolVersions.SESSIONFUL));
            return;
        }
        String header = exchange.headers().get(ForwardedHeaders.SESSION);
        if (header == null) {
            Answers.error(exchange, 400, McpErrors.SERVER_ERROR, "Mcp-Session-Id is missing");
            return;
        }
        Optional<SessionId> id = SessionId.parse(header);
        if (id.isEmpty()) {
            Answers.noSession(exchange);
            return;
        }
        new Lookup(relay, exchange, id.get(), session -> letIn(session, target, exchange, then)).start();
    }

    private void letIn(RelaySession session, Upstream target, Exchange exchange, Consumer<RelaySession> then) {
        if (session.deleted() || !session.upstream().equals(target.settings().name())) {
            Answers.over(session, exchange);
            relay.sessions().release(session);
            return;
        }
        CredentialGate.check(session, target, exchange.headers(), verdict -> {
            try {
                decide(session, target, exchange, verdict, then);
            } finally {
                relay.sessions().release(session);
            }
        });
    }

    private void decide(
            RelaySession session,
            Upstream target,
            Exchange exchange,
            CredentialGate.Verdict verdict,
            Consumer<RelaySession> then) {
        switch (verdict) {
            case CredentialGate.Verdict.Passed passed -> {
                if (session.deleted()) {
                    Answers.over(session, exchange);
                    return;
                }
                Nodes nodes = relay.nodes();
                if (nodes != null && Successors.take(nodes, exchange, true)) { // since it was found
                    exchange.loop().execute(() -> new Successors(relay, nodes, exchange, session.id()).start());
                    return;
                }
                session.touch();
                session.recover(exchange.headers());
                then.accept(session);
            }
            case CredentialGate.Verdict.Foreign foreign -> Answers.noSession(exchange);
            case CredentialGate.Verdict.Refused refused -> Answers.pass(relay, target, exchange, refused.reply());
            case CredentialGate.Verdict.Unknown unknown ->
                Answers.error(
                        exchange,
                        502,
                        McpErrors.SERVER_ERROR,
                        "The MCP server cannot be asked about these credentials: " + unknown.reason());
        }
    }
}
