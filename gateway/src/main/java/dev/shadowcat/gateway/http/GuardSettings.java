package dev.shadowcat.gateway.http;

import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Which names a listener answers to, and which web pages may talk to it. Loopback names, and the address it is bound to, are
 * always among them.
 *
 * @param bound the address that the listener is bound to; one of all interfaces ({@code 0.0.0.0}) is no name
 * @param hosts further Host values: {@code name} for any port, or {@code name:port}; {@code *} for all
 * @param origins further Origin values, such as {@code https://app.example.com}; {@code *} for all
 */
public record GuardSettings(@Nullable InetAddress bound, List<String> hosts, List<String> origins) {
    public static final String ANY = "*";

    public GuardSettings {
        hosts = hosts.stream().map(GuardSettings::host).toList();
        origins = origins.stream().map(GuardSettings::origin).toList();
    }

    private static String host(String value) {
        if (!ANY.equals(value) && Authority.parse(value) == null) {
            throw new IllegalArgumentException("allow-host: must be a host name, host:port or *, but was " + value);
        }
        return value.toLowerCase(Locale.ROOT);
    }

    private static String origin(String value) {
        String lower = value.toLowerCase(Locale.ROOT);
        if (!ANY.equals(value) && !"null".equals(lower) && Authority.ofOrigin(lower) == null) {
            throw new IllegalArgumentException(
                    "allow-origin: must be scheme://host, scheme://host:port or *, but was " + value);
        }
        return lower;
    }
}
