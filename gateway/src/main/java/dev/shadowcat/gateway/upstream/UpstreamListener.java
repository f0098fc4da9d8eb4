package dev.shadowcat.gateway.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;

/**
 * Is told what becomes of one request. On the event loop that the request was sent on; must not block. Exactly one of
 * {@link #end} and {@link #failed} comes last, unless the call was closed before.
 */
public interface UpstreamListener {
    /** Status and headers came. */
    void head(int status, HttpHeaders headers);

    /** Bytes of the body came; the buffer is the caller's and is released after return. */
    void data(ByteBuf bytes);

    /** The answer ended in good order. */
    void end();

    /** No answer, or no end of it, will come. */
    void failed(UpstreamFailure failure);
}
