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
        NEVER_SENT,
        /** It was sent, or a part of it, and no byte of an answer came. */
        UNANSWERED,
        /** The answer had begun and broke off. */
        BROKEN_OFF,
        /** The answer is not HTTP, or breaks a limit. */
        INVALID
    }
}
