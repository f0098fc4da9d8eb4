package dev.shadowcat.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/** Reads single metrics of a running gateway from its admin port. Blocks. */
final class GatewayMetrics {
    private final URI metrics;

    /** @param admin such as {@code http://127.0.0.1:9090} */
    GatewayMetrics(URI admin) {
        metrics = admin.resolve("/metrics");
    }

    /** The value of a metric without labels. */
    double value(String name) {
        try {
            HttpURLConnection connection = (HttpURLConnection) metrics.toURL().openConnection();
            connection.setConnectTimeout(5_000);
            connection.setReadTimeout(10_000);
            try (InputStream in = connection.getInputStream()) {
                String start = name + " ";
                return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                        .lines()
                        .filter(line -> line.startsWith(start))
                        .mapToDouble(line -> Double.parseDouble(line.substring(start.length())))
                        .findFirst()
                        .orElseThrow(() -> new IllegalStateException("the gateway has no metric " + name));
            }
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
