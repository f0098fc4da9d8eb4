package dev.shadowcat.gateway.telemetry;

import dev.shadowcat.mcp.Envelope;
import dev.shadowcat.mcp.Failure;
import dev.shadowcat.memory.Footprint;
import dev.shadowcat.memory.Measured;
import dev.shadowcat.observe.ErrorType;
import io.netty.handler.codec.http.HttpHeaders;
import io.opentelemetry.context.Context;
import org.jspecify.annotations.Nullable;

/** One message to an upstream, until it is answered. It ends once. One thread at a time. */
public final class ClientOperation implements Measured {
    private final Operations owner;
    private final Peer peer;
    private final String method;
    private final @Nullable String target;
    private final String version;
    private final long sentNanos;
    private final @Nullable Context context; // null while tracing is off
    private boolean over;

    ClientOperation(
            Operations owner,
            Peer peer,
            String method,
            @Nullable String target,
            String version,
            long sentNanos,
            @Nullable Context context) {
        this.owner = owner;
        this.peer = peer;
        this.method = method;
        this.target = target;
        this.version = version;
        this.sentNanos = sentNanos;
        this.context = context;
    }

    /** Puts the trace on the request that carries the message. */
    public void inject(HttpHeaders headers) {
        if (context != null) {
            owner.propagation().inject(context, headers);
        }
    }

    /** The message with the trace in it; itself while tracing is off. */
    public byte[] inject(byte[] message) {
        return context == null ? message : owner.propagation().inject(context, message);
    }

    /** It was answered. */
    public void answered(Envelope answer) {
        switch (answer.failure()) {
            case null -> end(null);
            case Failure.Tool _ -> end(owner.toolError(method));
            case Failure.Refused error -> end(Outcome.of(error.code(), error.message()));
        }
    }

    /** It was answered with an HTTP status and no JSON-RPC error. */
    public void answered(int status) {
        end(Outcome.ofStatus(status));
    }

    /** It gets no answer, or none that can be read. */
    public void failed(ErrorType errorType) {
        end(Outcome.of(errorType));
    }

    /** Its target is its request's to add. */
    @Override
    public void measure(Footprint footprint) {
        footprint.add(this);
        Operations.measure(context, footprint);
    }

    void end(@Nullable Outcome failure) {
        if (over) {
            return;
        }
        over = true;
        owner.ended(peer, method, target, version, sentNanos, context, failure);
    }
}
