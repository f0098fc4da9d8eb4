package dev.shadowcat.gateway.telemetry;

import dev.shadowcat.observe.ErrorType;
import org.jspecify.annotations.Nullable;

/**
 * How an operation failed.
 *
 * @param errorType a word, an HTTP status, or the code of a JSON-RPC error
 * @param code whether it is the latter
 * @param message what the error says, for people; null where it says nothing
 */
record Outcome(String errorType, boolean code, @Nullable String message) {
    static final Outcome TOOL_ERROR = of(ErrorType.TOOL_ERROR);

    static Outcome of(long code, @Nullable String message) {
        return new Outcome(Long.toString(code), true, message);
    }

    static Outcome of(ErrorType errorType) {
        return new Outcome(errorType.text(), false, null);
    }

    /** What an HTTP status stands for; null for 2xx. */
    static @Nullable Outcome ofStatus(int status) {
        if (status >= 200 && status < 300) {
            return null;
        }
        return new Outcome(status >= 300 && status < 600 ? Integer.toString(status) : Conventions.OTHER, false, null);
    }
}
