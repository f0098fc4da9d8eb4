package dev.shadowcat.gateway.telemetry;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.event.SpanIdentity;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.memory.Footprint;
import dev.shadowcat.observe.ErrorType;
import dev.shadowcat.observe.Operation;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Context;
import org.jspecify.annotations.Nullable;

/**
 * A client's request or notification from its coming to its answer, with what goes to the upstream for it. One thread at a
 * time: it is handed over with its request.
 */
public final class ServerOperation implements Operation {
    private final Operations owner;
    private final String method;
    private final @Nullable String target;
    private final boolean notification;
    private final long begunNanos;
    private final @Nullable Context context; // null while tracing is off
    private @Nullable ClientOperation upstream; // the attempt under way
    private String version = "";
    private int attempts;
    private boolean over;

    ServerOperation(
            Operations owner,
            String method,
            @Nullable String target,
            boolean notification,
            long begunNanos,
            @Nullable Context context) {
        this.owner = owner;
        this.method = method;
        this.target = target;
        this.notification = notification;
        this.begunNanos = begunNanos;
        this.context = context;
    }

    /** Whether nobody waits for an answer to it beyond its acceptance. */
    public boolean isNotification() {
        return notification;
    }

    /** It is of this revision of MCP. */
    public void version(String protocolVersion) {
        version = Operations.bounded(protocolVersion);
    }

    /** It belongs to a session. */
    public void session(SessionId id, String protocolVersion) {
        version(protocolVersion);
        if (context != null) {
            Span.fromContext(context).setAttribute(Conventions.SESSION, id.toString());
        }
    }

    /** It goes out to the upstream, perhaps not for the first time. */
    public ClientOperation sending(Peer peer, @Nullable String upstreamSession, @Nullable RequestId upstreamId) {
        ClientOperation attempt =
                owner.send(peer, method, target, version, context, upstreamSession, upstreamId, attempts++);
        upstream = attempt;
        return attempt;
    }

    /** An HTTP answer without a JSON-RPC one goes to the client. */
    public void responded(int status) {
        end(Outcome.ofStatus(status));
    }

    /** It gets no answer that anyone could read. */
    public void lost(ErrorType errorType) {
        end(Outcome.of(errorType));
    }

    /** The upstream refused what was sent to it with an HTTP status; what becomes of the request is not known by that. */
    public void upstreamRefused(int status) {
        if (upstream != null) {
            upstream.end(Outcome.ofStatus(status));
        }
    }

    @Override
    public void succeeded() {
        owner.worked(method, target);
        end(null);
    }

    @Override
    public void toolFailed() {
        end(owner.toolError(method));
    }

    @Override
    public void failed(long code, String message) {
        end(Outcome.of(code, message));
    }

    @Override
    public void upstreamFailed(ErrorType errorType) {
        if (upstream != null) {
            upstream.failed(errorType);
        }
    }

    @Override
    public void cancelled() {
        end(Outcome.of(ErrorType.CANCELLED));
    }

    @Override
    public void abandoned() {
        end(Outcome.of(ErrorType.DELETED));
    }

    @Override
    public void interrupted() {
        end(Outcome.of(ErrorType.STOPPED));
    }

    private void end(@Nullable Outcome failure) {
        if (over) {
            return;
        }
        over = true;
        if (upstream != null) {
            upstream.end(failure);
        }
        owner.ended(method, target, version, begunNanos, context, failure);
    }

    /** Of what tracing keeps, the context and its span, without the span's attributes. */
    @Override
    public void measure(Footprint footprint) {
        footprint.add(this).text(target).measured(upstream);
        Operations.measure(context, footprint);
    }

    /** What it leads to has it as its parent; null while tracing is off. */
    @Nullable
    Context context() {
        return context;
    }

    @Override
    public @Nullable SpanIdentity span() {
        return context == null ? null : Identities.of(Span.fromContext(context).getSpanContext());
    }
}
