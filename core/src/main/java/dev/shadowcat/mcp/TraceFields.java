package dev.shadowcat.mcp;

import org.jspecify.annotations.Nullable;

/** W3C Trace Context and Baggage as {@code params._meta} carries them (SEP-414), unchecked. */
public record TraceFields(
        @Nullable String traceparent,
        @Nullable String tracestate,
        @Nullable String baggage) {
    /** The names of the fields. */
    public static final String TRACEPARENT = "traceparent";

    public static final String TRACESTATE = "tracestate";

    public static final String BAGGAGE = "baggage";

    /** The longest values that are read, in characters: what W3C has everybody take. A longer one counts as none. */
    static final int MAX_TRACEPARENT = 55;

    static final int MAX_TRACESTATE = 512;
    static final int MAX_BAGGAGE = 8_192;

    /** The field of that name; null where it is not there, or no such field is known. */
    public @Nullable String get(String name) {
        return switch (name) {
            case TRACEPARENT -> traceparent;
            case TRACESTATE -> tracestate;
            case BAGGAGE -> baggage;
            default -> null;
        };
    }
}
