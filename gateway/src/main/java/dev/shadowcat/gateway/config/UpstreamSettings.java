package dev.shadowcat.gateway.config;

import static dev.shadowcat.gateway.config.SettingException.check;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One MCP server behind the gateway.
 *
 * @param name {@code ""} is the one at /mcp, the others are at /mcp/NAME
 * @param url its Streamable HTTP endpoint
 * @param headers added to each request to it, over the client's own; the values may be secrets
 * @param connectTimeout time to connect
 * @param answerTimeout how long it may take to begin an answer
 * @param maxConcurrentCalls requests under way at one time
 * @param maxEventBytes largest event that is taken
 * @param maxResponseBytes largest plain JSON answer that is taken
 * @param credentialHeaders headers of the client that say who it is
 * @param affinityCookies cookies of its load balancer that are kept with the session
 * @param caFile certificates (PEM) to trust for it instead of the JDK's; null: the JDK's
 */
public record UpstreamSettings(
        String name,
        URI url,
        Map<String, String> headers,
        Duration connectTimeout,
        Duration answerTimeout,
        int maxConcurrentCalls,
        int maxEventBytes,
        int maxResponseBytes,
        List<String> credentialHeaders,
        List<String> affinityCookies,
        @Nullable Path caFile) {
    private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");
    private static final Pattern VALUE = Pattern.compile("[\\t\\x20-\\x7e\\x80-\\xff]*");
    private static final List<String> OWN =
            List.of("host", "connection", "content-length", "transfer-encoding", "mcp-session-id", "last-event-id");

    public UpstreamSettings {
        UpstreamKeys keys = UpstreamKeys.of(name);
        check(
                name.isEmpty() || Names.UPSTREAM_NAME.matcher(name).matches(),
                keys.url().name(),
                "the name must be lower-case letters, digits and dashes, but was " + name);
        headers.forEach((header, value) -> {
            check(
                    TOKEN.matcher(header).matches(),
                    keys.headers().name(),
                    "must be NAME: VALUE, but the name was " + header);
            check(
                    !OWN.contains(header.toLowerCase(java.util.Locale.ROOT)),
                    keys.headers().name(),
                    "must not set " + header + ", which is the gateway's own");
            check(
                    VALUE.matcher(value).matches(),
                    keys.headers().name(),
                    "the value of " + header + " must hold no control characters");
        });
        check(
                caFile == null || Files.isReadable(caFile),
                keys.caFile().name(),
                "must be a file that can be read, but was " + caFile);
        headers = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(headers));
        credentialHeaders = List.copyOf(credentialHeaders);
        affinityCookies = List.copyOf(affinityCookies);
    }

    /** An upstream with defaults for everything but its URL. */
    public static UpstreamSettings at(String name, URI url) {
        UpstreamKeys keys = UpstreamKeys.of(name);
        Values given = Values.layered(
                Map.of(keys.url().name(), new Given(url.toString(), keys.url().name())));
        return from(given, name, new Placeholders(Map.of()));
    }

    static UpstreamSettings from(Values values, String name, Placeholders placeholders) {
        UpstreamKeys keys = UpstreamKeys.of(name);
        return new UpstreamSettings(
                name,
                values.get(keys.url())
                        .orElseThrow(() -> new SettingException(keys.url().name(), "is needed, but was not given")),
                headers(values.get(keys.headers()), keys.headers().name(), placeholders),
                values.get(keys.connectTimeout()),
                values.get(keys.answerTimeout()),
                values.get(keys.maxConcurrentCalls()),
                Math.toIntExact(values.get(keys.maxEventBytes()).orElseGet(() -> values.get(Keys.MAX_EVENT_BYTES))),
                Math.toIntExact(values.get(keys.maxResponseBytes())),
                values.get(keys.credentialHeaders()),
                values.get(keys.affinityCookies()),
                values.get(keys.caFile()).orElse(null));
    }

    private static Map<String, String> headers(List<String> lines, String key, Placeholders placeholders) {
        Map<String, String> headers = new LinkedHashMap<>();
        for (String line : lines) {
            int colon = line.indexOf(':');
            check(colon > 0, key, "must be NAME: VALUE, but one has no colon");
            try {
                headers.put(
                        line.substring(0, colon).strip(),
                        placeholders.fill(line.substring(colon + 1).strip()));
            } catch (IllegalArgumentException missing) {
                throw new SettingException(key, String.valueOf(missing.getMessage()));
            }
        }
        return headers;
    }

    /** Leaves the headers' values out: they may be secrets. */
    @Override
    public String toString() {
        return "UpstreamSettings[name=" + name + ", url=" + url + ", headers=" + headers.keySet() + "]";
    }
}
