package dev.shadowcat.gateway.http;

import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpLineException;
import org.jspecify.annotations.Nullable;

/** What the head of a request must be to be served (RFC 9112), in its form and beyond it. */
final class HeadRules {
    private static final Refusal TARGET_TOO_LONG = new Refusal(
            414,
            "the request target is longer than the gateway's limit of " + (RequestDecoder.MAX_TARGET >> 10) + " KiB");
    private static final Refusal HEADERS_TOO_LARGE = new Refusal(
            431,
            "the request's headers are over the gateway's limit of " + (RequestDecoder.MAX_HEADERS >> 10) + " KiB");
    private static final Refusal MALFORMED = new Refusal(400, "the request's head is not well-formed");
    private static final Refusal VERSION = new Refusal(505, "only HTTP/1.1 and HTTP/1.0 are served");
    private static final Refusal HOST = new Refusal(400, "there must be one Host header");
    private static final Refusal TARGET = new Refusal(400, "the request target must be a path");
    private static final Refusal CODING = new Refusal(501, "the only transfer coding served is chunked");

    private HeadRules() {}

    /** Of a head that could not be decoded. */
    static Refusal undecodable(Throwable cause) {
        if (cause instanceof TooLongHttpLineException) {
            return TARGET_TOO_LONG;
        }
        return cause instanceof TooLongFrameException ? HEADERS_TOO_LARGE : MALFORMED;
    }

    /** The first rule that a decoded head breaks, null if none; brings its target into the usual form. */
    static @Nullable Refusal broken(HttpVersion version, ServedExchange arriving) {
        if (version.majorVersion() != 1) {
            return VERSION;
        }
        // Section 3.2.
        if (version.minorVersion() != 0 && !arriving.headers().contains(HttpHeaderNames.HOST)) {
            return HOST;
        }
        if (!takeTarget(arriving)) {
            return TARGET;
        }
        String coding = arriving.headers().get(HttpHeaderNames.TRANSFER_ENCODING);
        return coding == null || "chunked".equalsIgnoreCase(coding) ? null : CODING;
    }

    /** Brings a target in absolute form (section 3.2.2) into the usual one; its authority is the Host then. */
    private static boolean takeTarget(ServedExchange arriving) {
        String target = arriving.path();
        if (target.startsWith("/") || ("*".equals(target) && HttpMethod.OPTIONS.equals(arriving.method()))) {
            return true;
        }
        int authority = target.regionMatches(true, 0, "http://", 0, 7)
                ? 7
                : target.regionMatches(true, 0, "https://", 0, 8) ? 8 : -1;
        if (authority < 0) {
            return false;
        }
        int slash = target.indexOf('/', authority);
        int end = slash < 0 ? target.length() : slash;
        if (end == authority) {
            return false;
        }
        String query = arriving.query();
        arriving.headers().set(HttpHeaderNames.HOST, target.substring(authority, end));
        arriving.target((slash < 0 ? "/" : target.substring(slash)) + query);
        return true;
    }
}
