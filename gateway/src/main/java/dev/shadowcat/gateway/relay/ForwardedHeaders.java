package dev.shadowcat.gateway.relay;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Which headers pass the gateway, and which are its own. */
final class ForwardedHeaders {
    /** What a POST has to accept (2025-11-25, basic/transports, Sending Messages to the Server). */
    static final String BOTH = "application/json, text/event-stream";

    static final String SESSION = "mcp-session-id";
    static final String VERSION = "mcp-protocol-version";
    static final String LAST_EVENT_ID = "last-event-id";

    private static final Set<String> STOPPED = Set.of(
            "host",
            "connection",
            "keep-alive",
            "proxy-connection",
            "proxy-authenticate",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "content-length",
            "expect",
            "accept-encoding",
            "origin",
            SESSION,
            LAST_EVENT_ID);
    private static final Set<String> STOPPED_BACK = Set.of(
            "connection",
            "keep-alive",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "content-length",
            "set-cookie",
            SESSION);

    private ForwardedHeaders() {}

    /** The client's headers as the upstream may see them: credentials included, the hop's own left out. */
    static HttpHeaders request(HttpHeaders client, Map<String, String> configured) {
        HttpHeaders forwarded = copy(client, STOPPED);
        configured.forEach(forwarded::set);
        return forwarded;
    }

    static HttpHeaders response(HttpHeaders upstream) {
        return copy(upstream, STOPPED_BACK);
    }

    private static HttpHeaders copy(HttpHeaders from, Set<String> stopped) {
        HttpHeaders copy = Answers.headers();
        for (Iterator<Map.Entry<CharSequence, CharSequence>> each = from.iteratorCharSequence(); each.hasNext(); ) {
            Map.Entry<CharSequence, CharSequence> header = each.next();
            if (!stopped.contains(header.getKey().toString().toLowerCase(Locale.ROOT))) {
                copy.add(header.getKey(), header.getValue());
            }
        }
        return copy;
    }

    /** Whether an Accept header takes a type; {@code q=0} refuses it, wildcards count, no header takes all. */
    static boolean accepts(HttpHeaders headers, String type) {
        boolean any = false;
        for (String value : headers.getAll(HttpHeaderNames.ACCEPT)) {
            any = true;
            for (String range : value.split(",", -1)) {
                if (matches(range.strip().toLowerCase(Locale.ROOT), type)) {
                    return true;
                }
            }
        }
        return !any;
    }

    private static boolean matches(String range, String type) {
        String[] parts = range.split(";", -1);
        String media = parts[0].strip();
        boolean named = media.equals("*/*")
                || media.equals(type)
                || (media.endsWith("/*") && type.startsWith(media.substring(0, media.length() - 1)));
        if (!named) {
            return false;
        }
        for (int i = 1; i < parts.length; i++) {
            String parameter = parts[i].strip();
            if (parameter.startsWith("q=") && parameter.substring(2).matches("0(\\.0*)?")) {
                return false;
            }
        }
        return true;
    }
}
