package dev.shadowcat.gateway.relay;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;

/** Headers of the requests that are Shadowcat's own. */
final class Pings {
    private Pings() {}

    /** Makes a copy of a client's headers fit for a message of ours. */
    static void prepare(HttpHeaders headers) {
        headers.set(HttpHeaderNames.ACCEPT, "application/json, text/event-stream");
        headers.set(HttpHeaderNames.CONTENT_TYPE, "application/json");
        headers.remove("mcp-method");
        headers.remove("mcp-name");
    }
}
