package dev.shadowcat.gateway.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;

/**
 * One HTTP request to an upstream.
 *
 * @param target path and query
 * @param headers end-to-end headers; Host, Content-Length and Connection are the client's own
 * @param body sent whole; empty for none; ownership passes on with the request
 * @param reuse which pooled connections will do
 * @param longLived whether the answer is expected to be a stream that stays open and idle: the HTTP codec then leaves the
 *     pipeline once the headers are through, and the connection is not pooled again
 */
public record UpstreamRequest(
        HttpMethod method, String target, HttpHeaders headers, ByteBuf body, Reuse reuse, boolean longLived) {
    /** Which pooled connections a request may go out on. */
    public enum Reuse {
        /** Any that is still pooled (idle under 4 s). */
        POOLED,
        /** One idle under 1 s, else a new one: for what must not run into a connection that is closing. */
        RECENT
    }
}
