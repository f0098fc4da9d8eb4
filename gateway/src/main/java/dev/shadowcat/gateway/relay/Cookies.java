package dev.shadowcat.gateway.relay;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The cookies that an upstream's load balancer sets: kept with the session, sent back to the upstream alone. */
final class Cookies {
    private static final int MAX_COOKIES = 50; // of one upstream session, as many as browsers keep of a site
    private static final int MAX_CHARS = 8_192;
    private static final Pattern TAKEN_BACK = Pattern.compile("(?i);\\s*max-age\\s*=\\s*(0|-\\d+)\\s*(;|$)");

    private Cookies() {}

    /** The stored cookies with those of an answer that are on the allow-list; the same text where there are none. */
    static @Nullable String kept(@Nullable String known, HttpHeaders answer, List<String> allowed) {
        if (!answer.contains(HttpHeaderNames.SET_COOKIE)) {
            return known;
        }
        Map<String, String> cookies = parse(known);
        for (String line : answer.getAll(HttpHeaderNames.SET_COOKIE)) {
            String pair = line.split(";", 2)[0].strip();
            int equals = pair.indexOf('=');
            if (equals > 0 && allowed.contains(pair.substring(0, equals))) {
                cookies.put(pair.substring(0, equals), pair.substring(equals + 1));
            }
        }
        return cookies.isEmpty() ? null : text(cookies);
    }

    /** The known cookies with those of an answer that are not on the allow-list; null where there are none. Bounded. */
    static @Nullable String others(@Nullable String known, HttpHeaders answer, List<String> affinity) {
        Map<String, String> cookies = parse(known);
        for (String line : answer.getAll(HttpHeaderNames.SET_COOKIE)) {
            String pair = line.split(";", 2)[0].strip();
            int equals = pair.indexOf('=');
            String name = equals > 0 ? pair.substring(0, equals).strip() : "";
            if (name.isEmpty() || affinity.contains(name)) {
                continue;
            }
            cookies.remove(name);
            if (!TAKEN_BACK.matcher(line).find() && fits(cookies, pair)) {
                cookies.put(name, pair.substring(equals + 1).strip());
            }
        }
        return cookies.isEmpty() ? null : text(cookies);
    }

    private static boolean fits(Map<String, String> cookies, String pair) {
        return cookies.size() < MAX_COOKIES && text(cookies).length() + pair.length() < MAX_CHARS;
    }

    /** A Cookie header of the client's cookies and the stored ones, which win. */
    static @Nullable String merged(@Nullable String client, @Nullable String stored) {
        if (client == null || stored == null) {
            return client == null ? stored : client;
        }
        Map<String, String> cookies = parse(client);
        cookies.putAll(parse(stored));
        return text(cookies);
    }

    private static Map<String, String> parse(@Nullable String header) {
        Map<String, String> cookies = new LinkedHashMap<>();
        for (String pair : header == null ? new String[0] : header.split(";", -1)) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                cookies.put(
                        pair.substring(0, equals).strip(),
                        pair.substring(equals + 1).strip());
            }
        }
        return cookies;
    }

    private static String text(Map<String, String> cookies) {
        return cookies.entrySet().stream()
                .map(cookie -> cookie.getKey() + "=" + cookie.getValue())
                .collect(Collectors.joining("; "));
    }
}
