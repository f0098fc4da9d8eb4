package dev.shadowcat.gateway.telemetry;

import dev.shadowcat.event.SpanIdentity;
import dev.shadowcat.observe.ErrorType;
import dev.shadowcat.observe.Operation;
import io.netty.handler.codec.http.HttpHeaders;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Context;
import org.jspecify.annotations.Nullable;

/** A piece of the gateway's own work as a trace shows it; nothing while tracing is off. One thread at a time. */
public final class Work {
    /** Work that no trace shows. */
    public static final Work NONE = new Work(null, null);

    private final @Nullable Context context;
    private final @Nullable Propagation propagation;

    Work(@Nullable Context context, @Nullable Propagation propagation) {
        this.context = context;
        this.propagation = propagation;
    }

    /** What the work leads to has it as its parent; null where no trace shows it. */
    @Nullable
    Context context() {
        return context;
    }

    /** Another request waits for it. */
    public void waitedForBy(Operation operation) {
        SpanIdentity identity = context == null ? null : operation.span();
        if (context != null && identity != null) {
            Span.fromContext(context).addLink(Identities.context(identity));
        }
    }

    /** It leads to a request with these headers. */
    public void inject(HttpHeaders headers) {
        if (context != null && propagation != null) {
            propagation.inject(context, headers);
        }
    }

    /**
     * It is over.
     *
     * @param errorType why it failed: an HTTP status, or an {@link ErrorType}'s text; null where it did not
     */
    public void end(@Nullable String errorType) {
        if (context == null) {
            return;
        }
        Span span = Span.fromContext(context);
        if (errorType != null) {
            span.setAttribute(Conventions.ERROR, errorType).setStatus(StatusCode.ERROR);
        }
        span.end();
    }
}
