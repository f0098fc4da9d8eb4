package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.node.OtherNodes;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Which headers pass the gateway, and which are its own. */
final class ForwardedHeaders {
    /** What a POST has to accept (2025-11-25, basic/transports, Sending Messages to the Server). */
    static final String BOTH = "application/json, text/event-stream";

    static final String SESSION = "mcp-session-id";
    static final String VERSION = "mcp-protocol-version";
    static final String LAST_EVENT_ID = "last-event-id";

    private static final char DELETE = 0x7f;
    private static final Names STOPPED = Names.of(
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
            OtherNodes.HEADER,
            OtherNodes.FROM,
            OtherNodes.STOPS,
            SESSION,
            LAST_EVENT_ID);
    private static final Names STOPPED_BACK = Names.of(
            "connection",
            "keep-alive",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "content-length",
            "set-cookie",
            OtherNodes.HEADER,
            OtherNodes.MISDIRECTED,
            SESSION);

    private static final Names SINGLE = Names.of(SESSION, VERSION, LAST_EVENT_ID); // each of another length

    private ForwardedHeaders() {}

    /**
     * Header names, whatever their case.
     *
     * @param byLength those of each length
     */
    private record Names(List<List<String>> byLength) {
        private static final Names NONE = new Names(List.of());

        private static Names of(String... names) {
            int longest = Stream.of(names).mapToInt(String::length).max().orElse(0);
            return new Names(IntStream.rangeClosed(0, longest)
                    .mapToObj(length -> Stream.of(names)
                            .filter(name -> name.length() == length)
                            .toList())
                    .toList());
        }

        private boolean has(CharSequence name) {
            if (name.length() >= byLength.size()) {
                return false;
            }
            List<String> candidates = byLength.get(name.length());
            for (int i = 0; i < candidates.size(); i++) {
                if (AsciiString.contentEqualsIgnoreCase(candidates.get(i), name)) {
                    return true;
                }
            }
            return false;
        }
    }

    /** Whether one of MCP's own headers comes twice: two who read them could each go by another one. */
    static boolean ambiguous(HttpHeaders headers) {
        int seen = 0;
        for (Iterator<Map.Entry<CharSequence, CharSequence>> each = headers.iteratorCharSequence(); each.hasNext(); ) {
            CharSequence name = each.next().getKey();
            if (SINGLE.has(name)) {
                int bit = 1 << name.length();
                if ((seen & bit) != 0) {
                    return true;
                }
                seen |= bit;
            }
        }
        return false;
    }

    /** The client's headers as the upstream may see them: credentials included, the hop's own left out. */
    static HttpHeaders request(HttpHeaders client, Map<String, String> configured) {
        HttpHeaders forwarded = copy(client, STOPPED);
        configured.forEach(forwarded::set);
        return forwarded;
    }

    /** The client's headers as another node may see them, which serves the request in the place of this one. */
    static HttpHeaders toNode(HttpHeaders client) {
        HttpHeaders forwarded = copy(client, STOPPED);
        keep(SESSION, client, forwarded);
        keep(LAST_EVENT_ID, client, forwarded);
        return forwarded;
    }

    /** The headers of another node's answer as the client may see them. */
    static HttpHeaders fromNode(HttpHeaders node) {
        HttpHeaders answered = copy(node, STOPPED_BACK);
        keep(SESSION, node, answered);
        return answered;
    }

    private static void keep(String name, HttpHeaders from, HttpHeaders to) {
        String value = from.get(name);
        if (value != null) {
            to.set(name, value);
        }
    }

    static HttpHeaders response(HttpHeaders upstream) {
        return copy(upstream, STOPPED_BACK);
    }

    private static HttpHeaders copy(HttpHeaders from, Names stopped) {
        HttpHeaders copy = Answers.headers();
        Names named = namedByConnection(from);
        for (Iterator<Map.Entry<CharSequence, CharSequence>> each = from.iteratorCharSequence(); each.hasNext(); ) {
            Map.Entry<CharSequence, CharSequence> header = each.next();
            if (!stopped.has(header.getKey()) && !named.has(header.getKey())) {
                copy.add(header.getKey(), header.getValue());
            }
        }
        return copy;
    }

    /** What the sender says is for this hop only (RFC 9110, 7.6.1). */
    private static Names namedByConnection(HttpHeaders headers) {
        String connection = headers.get(HttpHeaderNames.CONNECTION);
        if (connection == null
                || HttpHeaderValues.KEEP_ALIVE.contentEqualsIgnoreCase(connection)
                || HttpHeaderValues.CLOSE.contentEqualsIgnoreCase(connection)) {
            return Names.NONE;
        }
        return Names.of(headers.getAll(HttpHeaderNames.CONNECTION).stream()
                .flatMap(value -> Stream.of(value.split(",", -1)))
                .map(String::strip)
                .filter(name -> !name.isEmpty())
                .toArray(String[]::new));
    }

    /**
     * Asks the upstream for what follows one of its events.
     *
     * @param cursor the upstream's id; goes out as the UTF-8 bytes that it came in
     * @return false where a header cannot carry the id, for its control characters; nothing is asked then
     */
    static boolean resumeAfter(HttpHeaders headers, String cursor) {
        String bytes = new String(cursor.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        for (int i = 0; i < bytes.length(); i++) {
            char each = bytes.charAt(i);
            if ((each < ' ' && each != '\t') || each == DELETE) {
                return false;
            }
        }
        headers.set(LAST_EVENT_ID, bytes);
        return true;
    }

    /** Whether an Accept header takes a type; {@code q=0} refuses it, wildcards count, no header takes all. */
    static boolean accepts(HttpHeaders headers, String type) {
        boolean any = false;
        for (Iterator<String> each = headers.valueStringIterator(HttpHeaderNames.ACCEPT); each.hasNext(); ) {
            any = true;
            String value = each.next();
            // What nearly every client sends; taken apart, it was several percent of a call.
            if (value.equals(BOTH) && BOTH.contains(type)) {
                return true;
            }
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
