package dev.shadowcat.gateway.upstream;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How to reach one upstream.
 *
 * @param base scheme (http or https), host and port; the path is the caller's to prefix
 * @param connectTimeout how long resolving, connecting and the TLS handshake may take, each
 * @param maxHeaderBytes bound of an answer's headers together, and of its status line
 * @param maxConnectionsPerLoop open connections of one event loop, idle ones included
 * @param receiveBufferBytes SO_RCVBUF: left to the kernel it hides megabytes a stream
 * @param sendBufferBytes SO_SNDBUF
 * @param pooledIdle how long a connection stays pooled; below the 5 s after which Node closes idle sockets without a hint
 * @param recentIdle how long a connection is good for {@link UpstreamRequest.Reuse#RECENT}
 * @param caFile certificates (PEM) to trust instead of the JDK's; null: the JDK's
 */
public record UpstreamClientSettings(
        URI base,
        Duration connectTimeout,
        int maxHeaderBytes,
        int maxConnectionsPerLoop,
        int receiveBufferBytes,
        int sendBufferBytes,
        Duration pooledIdle,
        Duration recentIdle,
        @Nullable Path caFile) {
    public UpstreamClientSettings {
        String scheme = base.getScheme() == null ? "" : base.getScheme().toLowerCase(Locale.ROOT);
        require(
                scheme.equals("http") || scheme.equals("https"),
                "upstream.url: must begin with http:// or https://, but was " + base);
        require(base.getHost() != null && !base.getHost().isEmpty(), "upstream.url: must name a host, but was " + base);
        require(
                base.getPort() == -1 || (base.getPort() >= 1 && base.getPort() <= 65_535),
                "upstream.url: port must be 1 to 65535, but was " + base.getPort());
        require(
                connectTimeout.toMillis() >= 1 && connectTimeout.toMillis() <= Integer.MAX_VALUE,
                "upstream.connect-timeout: must be at least 1 ms, but was " + connectTimeout);
        atLeast("upstream.max-header-bytes", 256, maxHeaderBytes);
        atLeast("upstream.max-connections", 1, maxConnectionsPerLoop);
        atLeast("upstream.receive-buffer-bytes", 1024, receiveBufferBytes);
        atLeast("upstream.send-buffer-bytes", 1024, sendBufferBytes);
        require(!pooledIdle.isNegative(), "upstream.pooled-idle: must not be negative, but was " + pooledIdle);
        require(
                !recentIdle.isNegative() && recentIdle.compareTo(pooledIdle) <= 0,
                "upstream.recent-idle: must be at most upstream.pooled-idle (" + pooledIdle + "), but was "
                        + recentIdle);
    }

    /** The defaults for an upstream. */
    public static UpstreamClientSettings of(URI base) {
        return new UpstreamClientSettings(
                base,
                Duration.ofSeconds(5),
                32 * 1024,
                20_000,
                128 * 1024,
                128 * 1024,
                Duration.ofSeconds(4),
                Duration.ofSeconds(1),
                null);
    }

    boolean secure() {
        return base.getScheme().equalsIgnoreCase("https");
    }

    /** The host, without the brackets of an IPv6 literal. */
    public String host() {
        String host = base.getHost();
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    /** The port, that of the scheme where the URL names none. */
    public int port() {
        if (base.getPort() != -1) {
            return base.getPort();
        }
        return secure() ? 443 : 80;
    }

    /** What the Host header says. */
    String authority() {
        return base.getPort() == -1 ? base.getHost() : base.getHost() + ":" + base.getPort();
    }

    private static void atLeast(String key, int least, int value) {
        require(value >= least, key + ": must be at least " + least + ", but was " + value);
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
