package dev.shadowcat.gateway.config;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The settings of one upstream: {@code upstream.*} for the one at /mcp, {@code upstreams.NAME.*} for the one at /mcp/NAME.
 */
public record UpstreamKeys(
        Key<Optional<URI>> url,
        Key<List<String>> headers,
        Key<Duration> connectTimeout,
        Key<Duration> answerTimeout,
        Key<Integer> maxConcurrentCalls,
        Key<Optional<Long>> maxEventBytes,
        Key<Long> maxResponseBytes,
        Key<List<String>> credentialHeaders,
        Key<List<String>> affinityCookies,
        Key<Optional<Path>> caFile) {
    static final String UNNAMED = "upstream.";
    static final String NAMED = "upstreams.";

    /** Those of the upstream at /mcp, also the pattern for the named ones. */
    static final UpstreamKeys DEFAULT = of("");

    /**
     * Those of one upstream.
     *
     * @param name {@code ""} is the one at /mcp
     */
    static UpstreamKeys of(String name) {
        String prefix = name.isEmpty() ? UNNAMED : NAMED + name + ".";
        return new UpstreamKeys(
                new Key<>(
                        prefix + "url",
                        "",
                        ValueTypes.optionalUrl(),
                        "The MCP server's Streamable HTTP endpoint. (--upstream is short for --upstream-url.)"),
                new Key<>(
                        prefix + "headers",
                        "",
                        ValueTypes.lines(
                                "'NAME: VALUE'", "NAME: VALUE, where ${env:NAME} and ${file:/path} stand for secrets"),
                        "Headers added to each request to it; they win over the client's own."),
                new Key<>(
                        prefix + "connect-timeout",
                        "5s",
                        ValueTypes.duration(Duration.ofMillis(1)),
                        "Time to connect to it."),
                new Key<>(
                        prefix + "answer-timeout",
                        "1h",
                        ValueTypes.duration(Duration.ofMillis(1)),
                        "How long it may take to begin an answer before the request gets 504."),
                new Key<>(
                        prefix + "max-concurrent-calls",
                        "1000",
                        ValueTypes.wholeNumber(1),
                        "Requests that may be under way to it at one time; more get 503."),
                new Key<>(
                        prefix + "max-event-bytes",
                        "",
                        new OptionalType<>(ValueTypes.size(Sizes.KIB, Sizes.GIB)),
                        "Largest event that is taken from it; without it max-event-bytes holds."),
                new Key<>(
                        prefix + "max-response-bytes",
                        "16MiB",
                        ValueTypes.size(Sizes.KIB, Sizes.GIB),
                        "Largest plain JSON answer that is taken from it."),
                new Key<>(
                        prefix + "credential-headers",
                        "Authorization, X-API-Key, Cookie",
                        ValueTypes.names("header names"),
                        "Headers of the client that say who it is; a session is bound to them."),
                new Key<>(
                        prefix + "affinity-cookies",
                        "AWSALB, AWSALBCORS, AWSALBTG, AWSALBTGCORS, ARRAffinity, ARRAffinitySameSite, GCLB, SERVERID,"
                                + " INGRESSCOOKIE, route",
                        ValueTypes.names("cookie names"),
                        "Cookies of its load balancer, kept with the session over restarts."),
                new Key<>(
                        prefix + "ca-file",
                        "",
                        ValueTypes.optionalPath(),
                        "Certificates (PEM) to trust for it instead of the JDK's."));
    }

    /** All of them, in the order of documentation. */
    public List<Key<?>> table() {
        return List.of(
                url,
                headers,
                connectTimeout,
                answerTimeout,
                maxConcurrentCalls,
                maxEventBytes,
                maxResponseBytes,
                credentialHeaders,
                affinityCookies,
                caFile);
    }

    private record OptionalType<T>(ValueType<T> type) implements ValueType<Optional<T>> {
        @Override
        public Optional<T> read(String text) {
            return text.isEmpty() ? Optional.empty() : Optional.of(type.read(text));
        }

        @Override
        public String allowed() {
            return type.allowed();
        }

        @Override
        public String placeholder() {
            return type.placeholder();
        }
    }
}
