package dev.shadowcat.gateway.http;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;

/** An exchange with a web page of an allowed origin: its answer says so. */
final class CrossOriginExchange extends ForwardingExchange {
    private final RequestGuard guard;
    private final String origin;

    CrossOriginExchange(Exchange exchange, RequestGuard guard) {
        super(exchange);
        this.guard = guard;
        this.origin = exchange.headers().get(HttpHeaderNames.ORIGIN, "");
    }

    @Override
    public void respond(int status, HttpHeaders headers, ByteBuf body) {
        super.respond(status, guard.expose(origin, headers), body);
    }

    @Override
    public StreamedResponse startStream(int status, HttpHeaders headers, boolean longLived) {
        return super.startStream(status, guard.expose(origin, headers), longLived);
    }
}
