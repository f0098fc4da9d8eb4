package dev.shadowcat.gateway.upstream;

import dev.shadowcat.observe.ErrorType;

/**
 * Why a request got no whole answer, and what is known of its fate.
 *
 * @param fate what is known
 * @param reason one line for people, such as {@code cannot connect to 127.0.0.1:3000: connection refused}
 */
public record UpstreamFailure(Fate fate, String reason) {
    static final String REFUSED = "connection refused";

    /** Whether the other machine answered that nobody listens there. */
    public boolean isRefusal() {
        return fate == Fate.NEVER_SENT && reason.endsWith(REFUSED);
    }

    /** What is known of a failed request. */
    public enum Fate {
        /** Connecting failed, or the socket took no byte of it: the upstream cannot have processed it. */
        NEVER_SENT(ErrorType.CONNECT_FAILED),
        /** It was sent, or a part of it, and no byte of an answer came. */
        UNANSWERED(ErrorType.CONNECTION_LOST),
        /** The answer had begun and broke off. */
        BROKEN_OFF(ErrorType.CONNECTION_LOST),
        /** The answer is not HTTP, or breaks a limit. */
        INVALID(ErrorType.INVALID_ANSWER);

        private final ErrorType errorType;

        Fate(ErrorType errorType) {
            this.errorType = errorType;
        }

        /** What telemetry calls it. */
        public ErrorType errorType() {
            return errorType;
        }
    }
}
