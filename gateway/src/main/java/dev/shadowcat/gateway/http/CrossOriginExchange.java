package dev.shadowcat.gateway.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import org.jspecify.annotations.Nullable;

/** An exchange with a web page of an allowed origin: its answer says so. */
final class CrossOriginExchange implements Exchange {
    private final Exchange exchange;
    private final RequestGuard guard;
    private final String origin;

    CrossOriginExchange(Exchange exchange, RequestGuard guard) {
        this.exchange = exchange;
        this.guard = guard;
        this.origin = exchange.headers().get(HttpHeaderNames.ORIGIN, "");
    }

    @Override
    public void respond(int status, HttpHeaders headers, ByteBuf body) {
        exchange.respond(status, guard.expose(origin, headers), body);
    }

    @Override
    public StreamedResponse startStream(int status, HttpHeaders headers, boolean longLived) {
        return exchange.startStream(status, guard.expose(origin, headers), longLived);
    }

    @Override
    public HttpMethod method() {
        return exchange.method();
    }

    @Override
    public String path() {
        return exchange.path();
    }

    @Override
    public String query() {
        return exchange.query();
    }

    @Override
    public HttpHeaders headers() {
        return exchange.headers();
    }

    @Override
    public ByteBuf body() {
        return exchange.body();
    }

    @Override
    public EventLoop loop() {
        return exchange.loop();
    }

    @Override
    public String remote() {
        return exchange.remote();
    }

    @Override
    public void listener(@Nullable ExchangeListener listener) {
        exchange.listener(listener);
    }
}
