package dev.shadowcat.gateway.telemetry;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.event.SpanIdentity;
import dev.shadowcat.mcp.Envelope;
import dev.shadowcat.mcp.McpMethod;
import dev.shadowcat.mcp.ProtocolVersions;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.memory.Footprint;
import dev.shadowcat.observe.ErrorType;
import dev.shadowcat.observe.Replay;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapPropagator;
import java.time.Instant;
import java.util.Collection;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Follows each request of a client, each message to an upstream, and the gateway's own work on them: as spans where tracing
 * is on, as durations always. Any thread.
 */
public final class Operations {
    private static final double NANOS = 1e-9;
    private static final double MILLIS = 1e-3;
    private static final int NAMES = 100;
    private static final int SPAN_NAME_CHARS = 256; // the SDK cuts attributes, but no names

    private static final AttributeKey<Long> STREAM = AttributeKey.longKey("shadowcat.stream");
    private static final AttributeKey<Boolean> GAP = AttributeKey.booleanKey("shadowcat.replay.gap");

    private static final Attributes NETWORK = Attributes.builder()
            .put(Conventions.TRANSPORT, Conventions.TCP)
            .put(Conventions.NETWORK_PROTOCOL, Conventions.HTTP)
            .put(Conventions.NETWORK_PROTOCOL_VERSION, Conventions.HTTP_1_1)
            .build();

    private static final Attributes HTTP = Attributes.builder()
            .put(Conventions.SCHEME, Conventions.HTTP)
            .put(Conventions.NETWORK_PROTOCOL_VERSION, Conventions.HTTP_1_1)
            .build();

    /** Nothing is kept of anything. Behind the constants that it is made of. */
    public static final Operations NONE = new Operations(new Histograms(), null, TextMapPropagator.noop());

    private final @Nullable Tracer tracer;
    private final @Nullable FlushSpans flushes;
    private final Propagation propagation;
    private final LongSupplier nanoTime;
    private final BoundedNames tools = new BoundedNames(NAMES);
    private final BoundedNames prompts = new BoundedNames(NAMES);
    private final OperationDurations served;
    private final HttpDurations requests;
    private final Histogram clientDuration;
    private final Histogram serverSession;
    private final Histogram clientSession;
    private final Histogram sentDuration;

    /** @param tracer null where tracing is off */
    public Operations(Histograms histograms, @Nullable Tracer tracer, TextMapPropagator propagator) {
        this(histograms, tracer, propagator, System::nanoTime);
    }

    Operations(Histograms histograms, @Nullable Tracer tracer, TextMapPropagator propagator, LongSupplier nanoTime) {
        this.tracer = tracer;
        this.flushes = tracer == null ? null : new FlushSpans(tracer);
        this.propagation = new Propagation(propagator);
        this.nanoTime = nanoTime;
        Histogram serverDuration = histograms.histogram(
                "mcp.server.operation.duration",
                "s",
                "From a client's request or notification to its answer or acceptance.",
                NANOS,
                Conventions.MCP_SECONDS);
        this.served = new OperationDurations(serverDuration, NETWORK, tools, prompts);
        this.clientDuration = histograms.histogram(
                "mcp.client.operation.duration",
                "s",
                "From a request's or notification's sending to the upstream to its answer or acceptance.",
                NANOS,
                Conventions.MCP_SECONDS);
        this.serverSession = histograms.histogram(
                "mcp.server.session.duration",
                "s",
                "From a client's session's begin to its end.",
                MILLIS,
                Conventions.MCP_SECONDS);
        this.clientSession = histograms.histogram(
                "mcp.client.session.duration",
                "s",
                "From an upstream session's begin to its end.",
                MILLIS,
                Conventions.MCP_SECONDS);
        Histogram servedDuration = histograms.histogram(
                "http.server.request.duration",
                "s",
                "From a client's HTTP request to the end of its answer.",
                NANOS,
                Conventions.HTTP_SECONDS);
        this.requests = HttpDurations.served(servedDuration, HTTP);
        this.sentDuration = histograms.histogram(
                "http.client.request.duration",
                "s",
                "From an HTTP request to an upstream to the end of its answer.",
                NANOS,
                Conventions.HTTP_SECONDS);
    }

    Propagation propagation() {
        return propagation;
    }

    /** An upstream at this address. */
    public Peer peer(String address, int port) {
        Attributes common = NETWORK.toBuilder()
                .put(Conventions.SERVER_ADDRESS, address)
                .put(Conventions.SERVER_PORT, port)
                .build();
        Attributes http = Attributes.builder()
                .put(Conventions.SERVER_ADDRESS, address)
                .put(Conventions.SERVER_PORT, port)
                .put(Conventions.NETWORK_PROTOCOL_VERSION, Conventions.HTTP_1_1)
                .build();
        return new Peer(
                address,
                port,
                new OperationDurations(clientDuration, common, tools, prompts),
                HttpDurations.sent(sentDuration, http),
                common);
    }

    /**
     * When something came that may become an operation of this gateway.
     *
     * @param wall null while tracing is off
     */
    public record Arrival(long nanos, @Nullable Instant wall) {}

    /** Something has come. Whether it is an operation of this gateway or another node's is known later. */
    public Arrival arrived() {
        return new Arrival(nanoTime.getAsLong(), tracer == null ? null : Instant.now());
    }

    /** A client's request or notification is to be served here. */
    public ServerOperation begin(Envelope envelope, HttpHeaders headers, Arrival arrival) {
        String method = String.valueOf(envelope.method());
        String target = envelope.target();
        ServerOperation begun = new ServerOperation(
                this,
                method,
                target,
                envelope.isNotification(),
                arrival.nanos(),
                tracer == null ? null : serverContext(tracer, method, target, envelope, headers, arrival.wall()));
        String stateless = envelope.modernVersion();
        if (stateless != null) {
            begun.version(stateless);
        }
        return begun;
    }

    private Context serverContext(
            Tracer active,
            String method,
            @Nullable String target,
            Envelope envelope,
            HttpHeaders headers,
            @Nullable Instant arrived) {
        Context transport = propagation.extract(headers);
        Context parent = propagation.extract(transport, envelope.trace());
        SpanBuilder builder = span(active, SpanKind.SERVER, method, target).setParent(parent);
        SpanContext ambient = Span.fromContext(transport).getSpanContext();
        if (arrived != null) {
            builder.setStartTimestamp(arrived);
        }
        if (ambient.isValid() && !ambient.equals(Span.fromContext(parent).getSpanContext())) {
            builder.addLink(ambient);
        }
        RequestId id = envelope.id();
        if (id != null) {
            builder.setAttribute(Conventions.REQUEST_ID, id.text());
        }
        return parent.with(builder.startSpan());
    }

    ClientOperation send(
            Peer peer,
            String method,
            @Nullable String target,
            String version,
            @Nullable Context parent,
            @Nullable String upstreamSession,
            @Nullable RequestId upstreamId,
            int resends) {
        Context context = null;
        if (tracer != null) {
            SpanBuilder builder = span(tracer, SpanKind.CLIENT, method, target)
                    .setParent(parent == null ? Context.root() : parent)
                    .setAttribute(Conventions.SERVER_ADDRESS, peer.address())
                    .setAttribute(Conventions.SERVER_PORT, (long) peer.port());
            if (upstreamSession != null) {
                builder.setAttribute(Conventions.SESSION, upstreamSession);
            }
            if (upstreamId != null) {
                builder.setAttribute(Conventions.REQUEST_ID, upstreamId.text());
            }
            if (resends > 0) {
                builder.setAttribute(Conventions.RESENDS, (long) resends);
            }
            context = (parent == null ? Context.root() : parent).with(builder.startSpan());
        }
        return new ClientOperation(this, peer, method, target, bounded(version), nanoTime.getAsLong(), context);
    }

    /**
     * A message of the gateway's own goes to an upstream.
     *
     * @param version the revision of MCP; empty where it is not known yet
     */
    public ClientOperation send(Peer peer, String method, String version, Work cause) {
        return send(peer, method, null, version, cause.context(), null, null, 0);
    }

    /** The upstream has forgotten its session, as this request found: it is given a new one. */
    public Work reinitialization(@Nullable ServerOperation cause, SessionId session) {
        if (tracer == null) {
            return Work.NONE;
        }
        Context parent = cause == null || cause.context() == null ? Context.root() : cause.context();
        SpanBuilder builder = tracer.spanBuilder("upstream reinitialize")
                .setParent(parent)
                .setAttribute(Conventions.SESSION, session.toString());
        return new Work(parent.with(builder.startSpan()), propagation);
    }

    /** The rest of an answer is fetched from the upstream, after the connection that it came on was lost. */
    public Work upstreamResume(@Nullable SpanIdentity origin, Peer peer, SessionId session, int stream) {
        if (tracer == null || origin == null) {
            return Work.NONE;
        }
        Context parent = Context.root().with(Span.wrap(Identities.context(origin)));
        Span span = tracer.spanBuilder("upstream resume")
                .setSpanKind(SpanKind.CLIENT)
                .setParent(parent)
                .setAttribute(Conventions.SESSION, session.toString())
                .setAttribute(STREAM, (long) stream)
                .setAttribute(Conventions.SERVER_ADDRESS, peer.address())
                .setAttribute(Conventions.SERVER_PORT, (long) peer.port())
                .startSpan();
        return new Work(parent.with(span), propagation);
    }

    /**
     * A client came back for a stream; null while tracing is off.
     *
     * @param headers of its request
     * @param origin the request that began the stream
     */
    public @Nullable Replay replay(
            HttpHeaders headers, @Nullable SpanIdentity origin, SessionId session, int stream, boolean gap) {
        if (tracer == null) {
            return null;
        }
        SpanBuilder builder = tracer.spanBuilder("replay")
                .setSpanKind(SpanKind.SERVER)
                .setParent(propagation.extract(headers))
                .setAttribute(Conventions.SESSION, session.toString())
                .setAttribute(STREAM, (long) stream)
                .setAttribute(GAP, gap);
        if (origin != null) {
            builder.addLink(Identities.context(origin));
        }
        return new ReplaySpan(builder.startSpan());
    }

    /** Whether there are traces: else nothing is read or written for them. */
    public boolean tracing() {
        return tracer != null;
    }

    /** The store took, or did not take, events of recorded requests. The worker's thread. */
    void flushed(Collection<SpanIdentity> requests, int writes, long nanos, @Nullable String failure) {
        if (flushes != null) {
            flushes.flushed(requests, writes, nanos, failure);
        }
    }

    /** A client's HTTP request has ended; status 0: the client left before an answer began. */
    public void served(HttpMethod method, int status, long nanos) {
        requests.of(method, status, status == 0 ? ErrorType.CLIENT_GONE : null).observe(nanos);
    }

    /** An HTTP request to an upstream has ended; see {@link dev.shadowcat.gateway.upstream.CallMeter}. */
    public void sent(Peer peer, HttpMethod method, int status, @Nullable ErrorType failure, long nanos) {
        ErrorType errorType = status != 0 && failure == ErrorType.CLOSED ? null : failure; // its answer says more
        peer.requests().of(method, status, errorType).observe(nanos);
    }

    /** A client's session has ended. */
    public void sessionEnded(long millis, String version, @Nullable ErrorType errorType) {
        serverSession.series(session(NETWORK, version, errorType)).observe(millis);
    }

    /** An upstream's session has ended. */
    public void upstreamSessionEnded(Peer peer, long millis, String version, @Nullable ErrorType errorType) {
        clientSession.series(session(peer.sessions(), version, errorType)).observe(millis);
    }

    private static Attributes session(Attributes common, String version, @Nullable ErrorType errorType) {
        AttributesBuilder builder = common.toBuilder().put(Conventions.PROTOCOL_VERSION, bounded(version));
        if (errorType != null) {
            builder.put(Conventions.ERROR, errorType.text());
        }
        return builder.build();
    }

    /** A revision as it is told apart: a peer may name any, and a session of it lasts. */
    static String bounded(String version) {
        return version.isEmpty() || ProtocolVersions.isKnown(version) ? version : BoundedNames.OTHER;
    }

    /** What a result with {@code isError} means: something for tools only. */
    @Nullable
    Outcome toolError(String method) {
        return method.equals(McpMethod.TOOLS_CALL) ? Outcome.TOOL_ERROR : null;
    }

    void ended(
            String method,
            @Nullable String target,
            String version,
            long begunNanos,
            @Nullable Context context,
            @Nullable Outcome failure) {
        served.of(method, target, version, failure).observe(nanoTime.getAsLong() - begunNanos);
        end(version, context, failure);
    }

    /** A call by that name is known to have worked. */
    void worked(String method, @Nullable String target) {
        if (target == null) {
            return;
        }
        if (method.equals(McpMethod.TOOLS_CALL)) {
            tools.worked(target);
        } else if (method.equals(McpMethod.PROMPTS_GET)) {
            prompts.worked(target);
        }
    }

    void ended(
            Peer peer,
            String method,
            @Nullable String target,
            String version,
            long sentNanos,
            @Nullable Context context,
            @Nullable Outcome failure) {
        peer.operations().of(method, target, version, failure).observe(nanoTime.getAsLong() - sentNanos);
        end(version, context, failure);
    }

    private static void end(String version, @Nullable Context context, @Nullable Outcome failure) {
        if (context == null) {
            return;
        }
        Span span = Span.fromContext(context);
        if (!version.isEmpty()) {
            span.setAttribute(Conventions.PROTOCOL_VERSION, version);
        }
        if (failure != null) {
            span.setAttribute(Conventions.ERROR, failure.errorType());
            if (failure.code()) {
                span.setAttribute(Conventions.STATUS_CODE, failure.errorType());
            }
            if (failure.message() == null) {
                span.setStatus(StatusCode.ERROR);
            } else {
                span.setStatus(StatusCode.ERROR, failure.message());
            }
        }
        span.end();
    }

    static void measure(@Nullable Context context, Footprint footprint) {
        if (context != null) {
            footprint.add(context).add(Span.fromContext(context));
        }
    }

    private static SpanBuilder span(Tracer active, SpanKind kind, String method, @Nullable String target) {
        boolean tool = method.equals(McpMethod.TOOLS_CALL);
        boolean prompt = method.equals(McpMethod.PROMPTS_GET);
        boolean named = target != null && (tool || prompt);
        String name = named ? method + " " + target : method;
        SpanBuilder builder = active.spanBuilder(name.substring(0, Math.min(name.length(), SPAN_NAME_CHARS)))
                .setSpanKind(kind)
                .setAllAttributes(NETWORK)
                .setAttribute(Conventions.METHOD, method);
        if (tool) {
            builder.setAttribute(Conventions.GEN_AI_OPERATION, Conventions.EXECUTE_TOOL);
        }
        if (named) {
            builder.setAttribute(tool ? Conventions.TOOL : Conventions.PROMPT, target);
        } else if (target != null && isResource(method)) {
            builder.setAttribute(Conventions.RESOURCE, target);
        }
        return builder;
    }

    private static boolean isResource(String method) {
        return switch (method) {
            case McpMethod.RESOURCES_READ,
                    McpMethod.RESOURCES_SUBSCRIBE,
                    McpMethod.RESOURCES_UNSUBSCRIBE,
                    McpMethod.RESOURCES_UPDATED -> true;
            default -> false;
        };
    }
}
