package dev.shadowcat.observe;

import dev.shadowcat.event.SpanIdentity;
import dev.shadowcat.memory.Footprint;
import dev.shadowcat.memory.Measured;
import org.jspecify.annotations.Nullable;

/**
 * A client's request from its coming to its answer, as telemetry follows it. It ends once, and what comes later changes
 * nothing. Its session's loop, but for {@link #span}.
 */
public interface Operation extends Measured {
    /** A request that nobody follows. */
    Operation NONE = new Operation() {};

    /** It has its result. */
    default void succeeded() {}

    /** It has a result that says that the tool failed. */
    default void toolFailed() {}

    /**
     * It was answered with an error.
     *
     * @param code the one of JSON-RPC
     */
    default void failed(long code, String message) {}

    /** The way to the upstream failed; what becomes of the request is not known by that. */
    default void upstreamFailed(ErrorType errorType) {}

    /** The client took it back. */
    default void cancelled() {}

    /** Its session ended before it had an answer. */
    default void abandoned() {}

    /** The gateway stops before it has an answer; a later run may have one. */
    default void interrupted() {}

    /** Adds itself and what goes out for it; nothing by default. */
    @Override
    default void measure(Footprint footprint) {}

    /** By which others may link to it; null unless it is recorded. Any thread. */
    default @Nullable SpanIdentity span() {
        return null;
    }
}
