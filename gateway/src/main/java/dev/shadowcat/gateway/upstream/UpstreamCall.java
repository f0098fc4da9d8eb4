package dev.shadowcat.gateway.upstream;

import dev.shadowcat.memory.Footprint;
import dev.shadowcat.memory.Measured;
import dev.shadowcat.observe.ErrorType;

/** A request under way. On the event loop that it was sent on. */
public interface UpstreamCall extends Measured {
    /** Stops or resumes reading the answer, so that TCP carries the pressure back. Idempotent. */
    void reading(boolean on);

    /**
     * Breaks the request off: the connection closes, and the listener hears nothing more. Idempotent.
     *
     * @param why what telemetry hears of it
     */
    void close(ErrorType why);

    /** Breaks it off because nobody wants its answer any more. */
    default void close() {
        close(ErrorType.CLOSED);
    }

    /** Adds the call and its connection; nothing by default. */
    @Override
    default void measure(Footprint footprint) {}
}
