package dev.shadowcat.gateway.upstream;

import dev.shadowcat.gateway.upstream.UpstreamFailure.Fate;
import io.netty.handler.codec.http.HttpMethod;
import org.jspecify.annotations.Nullable;

/** Hears of each request to an upstream when it has ended. On the request's event loop; must not block. */
@FunctionalInterface
public interface CallMeter {
    /** Hears nothing of any. */
    CallMeter NONE = (method, status, failure, nanos) -> {};

    /**
     * A request has ended.
     *
     * @param status 0 where no answer began
     * @param failure why it has no whole answer; null where it has one, or was left before
     * @param nanos since it was to be sent
     */
    void ended(HttpMethod method, int status, @Nullable Fate failure, long nanos);
}
