package dev.shadowcat.gateway.config;

import static dev.shadowcat.gateway.config.SettingException.check;

import java.net.URI;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Who may call, by Host and Origin, and how the gateway is called outside.
 *
 * @param publicUrl how clients reach the gateway, null where that is the listening address
 * @param allowHosts host names, without port, beside the loopback ones
 * @param allowOrigins origins such as {@code https://app.example.com} beside the loopback ones
 */
public record AccessSettings(@Nullable URI publicUrl, List<String> allowHosts, List<String> allowOrigins) {
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+]");
    private static final Pattern ORIGIN = Pattern.compile("[a-z][a-z0-9+.-]*://[^/?#\\s]+");

    public AccessSettings {
        for (String host : allowHosts) {
            check(
                    HOST.matcher(host).matches(),
                    Keys.ALLOW_HOST.name(),
                    "must be a host name without scheme and port, but was " + host);
        }
        for (String origin : allowOrigins) {
            check(
                    ORIGIN.matcher(origin).matches(),
                    Keys.ALLOW_ORIGIN.name(),
                    "must be scheme://host[:port] without a path, but was " + origin);
        }
        allowHosts = List.copyOf(allowHosts);
        allowOrigins = List.copyOf(allowOrigins);
    }

    static AccessSettings from(Values values) {
        return new AccessSettings(
                values.get(Keys.PUBLIC_URL).orElse(null), values.get(Keys.ALLOW_HOST), values.get(Keys.ALLOW_ORIGIN));
    }
}
