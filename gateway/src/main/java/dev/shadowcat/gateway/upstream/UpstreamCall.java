package dev.shadowcat.gateway.upstream;

import dev.shadowcat.memory.Footprint;
import dev.shadowcat.memory.Measured;

/** A request under way. On the event loop that it was sent on. */
public interface UpstreamCall extends Measured {
    /** Stops or resumes reading the answer, so that TCP carries the pressure back. Idempotent. */
    void reading(boolean on);

    /** Breaks the request off: the connection closes, and the listener hears nothing more. Idempotent. */
    void close();

    /** Adds the call and its connection; nothing by default. */
    @Override
    default void measure(Footprint footprint) {}
}
