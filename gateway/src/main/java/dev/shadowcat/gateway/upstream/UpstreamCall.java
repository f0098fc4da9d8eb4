package dev.shadowcat.gateway.upstream;

/** A request under way. On the event loop that it was sent on. */
public interface UpstreamCall {
    /** Stops or resumes reading the answer, so that TCP carries the pressure back. Idempotent. */
    void reading(boolean on);

    /** Breaks the request off: the connection closes, and the listener hears nothing more. Idempotent. */
    void close();
}
