package dev.shadowcat.gateway.telemetry;

import org.jspecify.annotations.Nullable;

/**
 * How an operation failed.
 *
 * @param errorType a word, an HTTP status, or the code of a JSON-RPC error
 * @param code whether it is the latter
 * @param message what the error says, for people; null where it says nothing
 */
record Outcome(String errorType, boolean code, @Nullable String message) {
    static final Outcome TOOL_ERROR = new Outcome(Conventions.TOOL_ERROR, false, null);

    static Outcome of(long code, @Nullable String message) {
        return new Outcome(Long.toString(code), true, message);
    }

    static Outcome of(String errorType) {
        return new Outcome(errorType, false, null);
    }

    /** What an HTTP status other than 2xx stands for. */
    static Outcome ofStatus(int status) {
        return of(status >= 300 && status < 600 ? Integer.toString(status) : Conventions.OTHER);
    }
}
