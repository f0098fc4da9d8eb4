package dev.shadowcat.gateway.telemetry;

import dev.shadowcat.event.SpanIdentity;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanId;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceId;
import io.opentelemetry.api.trace.TraceState;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** Spans' identities as the core keeps them, and as OpenTelemetry does. */
final class Identities {
    private static final int HALF_TRACE = 16;
    private static final int WHOLE_TRACE = 32;

    private Identities() {}

    /** Null where the span is not recorded. */
    static @Nullable SpanIdentity of(SpanContext context) {
        if (!context.isSampled() || !context.isValid()) {
            return null;
        }
        return new SpanIdentity(
                HexFormat.fromHexDigitsToLong(context.getTraceId(), 0, HALF_TRACE),
                HexFormat.fromHexDigitsToLong(context.getTraceId(), HALF_TRACE, WHOLE_TRACE),
                HexFormat.fromHexDigitsToLong(context.getSpanId()));
    }

    static SpanContext context(SpanIdentity identity) {
        return SpanContext.createFromRemoteParent(
                TraceId.fromLongs(identity.traceHigh(), identity.traceLow()),
                SpanId.fromLong(identity.span()),
                TraceFlags.getSampled(),
                TraceState.getDefault());
    }
}
