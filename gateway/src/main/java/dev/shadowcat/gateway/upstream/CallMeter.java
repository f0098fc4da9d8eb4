package dev.shadowcat.gateway.upstream;

import dev.shadowcat.observe.ErrorType;
import io.netty.handler.codec.http.HttpMethod;
import org.jspecify.annotations.Nullable;

/** Hears of each request to an upstream when it has ended. On the request's event loop; must not block. */
@FunctionalInterface
public interface CallMeter {
    /** Hears nothing of any. */
    CallMeter NONE = (method, longLived, status, failure, nanos) -> {};

    /**
     * A request has ended.
     *
     * @param longLived whether it listens for what the upstream may have to say some time
     * @param status 0 where no answer began
     * @param failure why it has no whole answer; null where it has one
     * @param nanos since it was to be sent
     */
    void ended(HttpMethod method, boolean longLived, int status, @Nullable ErrorType failure, long nanos);
}
