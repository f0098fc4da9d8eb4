package dev.shadowcat.gateway.relay;

import dev.shadowcat.event.EventId;
import dev.shadowcat.gateway.http.Exchange;
import dev.shadowcat.gateway.http.ForwardingExchange;
import dev.shadowcat.gateway.node.OtherNodes;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;

/**
 * A POST whose session was lost under it, on its way once more: as the GET that its client would send for the rest, if it had an id. So
 * the request is not processed again, whoever has the session now.
 */
final class ResumedPost extends ForwardingExchange {
    private final HttpHeaders headers;
    private final Runnable notResumed;

    /**
     * @param post of which nothing is answered yet
     * @param stream the number of the stream that was to be its answer
     * @param notResumed runs where that stream cannot be had, and is to answer it
     */
    ResumedPost(Exchange post, int stream, Runnable notResumed) {
        super(post);
        this.notResumed = notResumed;
        this.headers = post.headers()
                .copy()
                .remove(HttpHeaderNames.CONTENT_TYPE)
                .remove(HttpHeaderNames.CONTENT_LENGTH)
                .remove(OtherNodes.HEADER) // whoever sent the POST on cannot do anything else with it
                .set(ForwardedHeaders.LAST_EVENT_ID, new EventId(stream, 0).toString());
    }

    @Override
    public HttpMethod method() {
        return HttpMethod.GET;
    }

    @Override
    public HttpHeaders headers() {
        return headers;
    }

    @Override
    public ByteBuf body() {
        return Unpooled.EMPTY_BUFFER;
    }

    /** Anything but a stream says that there is none, which is not what the client asked. */
    @Override
    public void respond(int status, HttpHeaders ofRefusal, ByteBuf body) {
        body.release();
        notResumed.run();
    }
}
