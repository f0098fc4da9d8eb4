package dev.shadowcat.gateway.http;

import dev.shadowcat.gateway.net.HeaderLines;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;

/** The JSON-RPC error that an answer of the listener's own carries. */
final class ErrorBody {
    static final int INVALID_REQUEST = -32600;
    static final int INTERNAL_ERROR = -32603;

    private ErrorBody() {}

    /**
     * The body for a message that is ours and needs no escaping: client input is never quoted in it.
     */
    static ByteBuf of(int code, String message) {
        String json =
                "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":" + code + ",\"message\":\"" + message + "\"}}";
        return Unpooled.wrappedBuffer(json.getBytes(StandardCharsets.UTF_8));
    }

    static HttpHeaders headers() {
        HttpHeaders headers = newHeaders();
        headers.add(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.APPLICATION_JSON);
        return headers;
    }

    /** Headers of our own, which need no check. */
    static HttpHeaders newHeaders() {
        return new HeaderLines();
    }
}
