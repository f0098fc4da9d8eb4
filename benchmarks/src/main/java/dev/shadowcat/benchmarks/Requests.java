package dev.shadowcat.benchmarks;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/** The bytes of the requests that a client of revision 2025-11-25 sends. */
final class Requests {
    static final String INITIALIZE = "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":"
            + "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},"
            + "\"clientInfo\":{\"name\":\"load-generator\",\"version\":\"1\"}}}";
    private static final String INITIALIZED = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}";

    private Requests() {}

    static ByteBuf initialize(Target target) {
        return bytes(post(target, "", INITIALIZE));
    }

    static ByteBuf initialized(Target target, String session) {
        return bytes(post(target, session(session), INITIALIZED));
    }

    static ByteBuf delete(Target target, String session) {
        return bytes(
                "DELETE " + target.endpoint().getPath() + " HTTP/1.1\r\n" + host(target) + session(session) + "\r\n");
    }

    static ByteBuf stream(Target target, String session) {
        return get(target, session(session));
    }

    /** A GET of what follows a cursor. */
    static ByteBuf resume(Target target, String session, String cursor) {
        return get(target, session(session) + "Last-Event-ID: " + cursor + "\r\n");
    }

    private static ByteBuf get(Target target, String sessionHeaders) {
        return bytes("GET " + target.endpoint().getPath() + " HTTP/1.1\r\n" + host(target)
                + "Accept: text/event-stream\r\n" + sessionHeaders + "\r\n");
    }

    /** A tool call with a request id of nine digits, beginning {@code "id":1}. */
    static ByteBuf call(Target target, String session, String tool) {
        return bytes(post(target, session(session), callBody(tool)));
    }

    static String callBody(String tool) {
        return "{\"jsonrpc\":\"2.0\",\"id\":100000000,\"method\":\"tools/call\",\"params\":{\"name\":\"" + tool
                + "\",\"arguments\":{\"text\":\"hello\"}}}";
    }

    private static String post(Target target, String sessionHeaders, String body) {
        return "POST " + target.endpoint().getPath() + " HTTP/1.1\r\n" + host(target)
                + "Accept: application/json, text/event-stream\r\nContent-Type: application/json\r\n"
                + sessionHeaders + "Content-Length: " + body.length() + "\r\n\r\n" + body;
    }

    private static String session(String session) {
        return "MCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: " + session + "\r\n";
    }

    private static String host(Target target) {
        return "Host: " + target.endpoint().getAuthority() + "\r\n";
    }

    private static ByteBuf bytes(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
    }
}
