package dev.shadowcat.gateway.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import org.jspecify.annotations.Nullable;

/** An exchange that hands everything on to another one; what extends it changes the request, or changes or watches the answer. */
public abstract class ForwardingExchange implements Exchange {
    private final Exchange exchange;

    protected ForwardingExchange(Exchange exchange) {
        this.exchange = exchange;
    }

    @Override
    public void respond(int status, HttpHeaders headers, ByteBuf body) {
        exchange.respond(status, headers, body);
    }

    @Override
    public StreamedResponse startStream(int status, HttpHeaders headers, boolean longLived) {
        return exchange.startStream(status, headers, longLived);
    }

    @Override
    public HttpMethod method() {
        return exchange.method();
    }

    @Override
    public final String path() {
        return exchange.path();
    }

    @Override
    public final String query() {
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
    public final EventLoop loop() {
        return exchange.loop();
    }

    @Override
    public final String remote() {
        return exchange.remote();
    }

    @Override
    public final void listener(@Nullable ExchangeListener listener) {
        exchange.listener(listener);
    }
}
