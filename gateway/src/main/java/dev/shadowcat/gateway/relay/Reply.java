package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.upstream.UpstreamFailure;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an upstream answered to one message, read whole.
 *
 * @param status the HTTP status; 0 where there was none
 * @param headers of the answer
 * @param body of a plain answer
 * @param answer the message that answers the one that was sent; null where none did
 * @param others the messages that came before it, or without it, in order
 * @param failure why there is no whole answer; null where there is one
 */
@SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
record Reply(
        int status,
        HttpHeaders headers,
        byte[] body,
        byte @Nullable [] answer,
        List<byte[]> others,
        @Nullable UpstreamFailure failure) {
    boolean ok() {
        return failure == null && status >= 200 && status < 300;
    }
}
