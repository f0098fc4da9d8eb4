package dev.shadowcat.gateway.telemetry;

import dev.shadowcat.event.SpanIdentity;
import dev.shadowcat.observe.ErrorType;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Batches on their way into the store, as spans. The worker's thread only. */
final class FlushSpans {
    private static final int KNOWN = 1_024;
    private static final AttributeKey<Long> WRITES = AttributeKey.longKey("shadowcat.flush.writes");

    private final Tracer tracer;
    private final Map<SpanIdentity, SpanContext> known = new Known(); // a stream comes in many batches

    FlushSpans(Tracer tracer) {
        this.tracer = tracer;
    }

    /** The newest, so many. */
    @SuppressWarnings("serial") // never written
    private static final class Known extends LinkedHashMap<SpanIdentity, SpanContext> {
        @Override
        protected boolean removeEldestEntry(Map.Entry<SpanIdentity, SpanContext> eldest) {
            return size() > KNOWN;
        }
    }

    /**
     * The store took, or did not take, events of recorded requests: a span in the trace of the first of them, since a trace of
     * its own would be sampled apart from theirs; linked to all.
     */
    void flushed(Collection<SpanIdentity> requests, int writes, long nanos, @Nullable String failure) {
        Instant end = Instant.now();
        SpanBuilder builder = tracer.spanBuilder("persistence flush").setStartTimestamp(end.minusNanos(nanos));
        boolean first = true;
        for (SpanIdentity request : requests) {
            SpanContext context = known.computeIfAbsent(request, Identities::context);
            if (first) {
                builder.setParent(Context.root().with(Span.wrap(context)));
                first = false;
            }
            builder.addLink(context);
        }
        Span span = builder.startSpan().setAttribute(WRITES, (long) writes);
        if (failure != null) {
            span.setAttribute(Conventions.ERROR, ErrorType.STORE_FAILED.text()).setStatus(StatusCode.ERROR, failure);
        }
        span.end(end);
    }
}
