package dev.shadowcat.gateway.http;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;

/** Serves what passed the listener's own checks. */
@FunctionalInterface
public interface ExchangeHandler {
    /** Called on the connection's event loop; must not block. Every exchange must be answered in the end. */
    void handle(Exchange exchange);

    /**
     * Adds what the listener's own error answers need beyond their body, such as the headers without which a browser hides
     * the error from its page. On the connection's event loop.
     *
     * @param request as far as they were read
     * @param answer to add to
     */
    default void refusing(HttpHeaders request, HttpHeaders answer) {}

    /**
     * A request's answer has ended, or its client has gone. On the connection's event loop.
     *
     * @param status 0 where no answer began
     * @param nanos since its head was read
     */
    default void served(HttpMethod method, int status, long nanos) {}
}
