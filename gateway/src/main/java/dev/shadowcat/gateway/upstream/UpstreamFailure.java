package dev.shadowcat.gateway.upstream;

/**
 * Why a request got no whole answer, and what is known of its fate.
 *
 * @param fate what is known
 * @param reason one line for people, such as {@code connection refused: 127.0.0.1:3000}
 */
public record UpstreamFailure(Fate fate, String reason) {
    /** What is known of a failed request. */
    public enum Fate {
        /** Connecting failed, or the socket took no byte of it: the upstream cannot have processed it. */
        NEVER_SENT("connect_failed"),
        /** It was sent, or a part of it, and no byte of an answer came. */
        UNANSWERED("connection_lost"),
        /** The answer had begun and broke off. */
        BROKEN_OFF("connection_lost"),
        /** The answer is not HTTP, or breaks a limit. */
        INVALID("invalid_answer");

        private final String errorType;

        Fate(String errorType) {
            this.errorType = errorType;
        }

        /** What telemetry calls it. */
        public String errorType() {
            return errorType;
        }
    }
}
