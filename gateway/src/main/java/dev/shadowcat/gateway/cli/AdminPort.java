package dev.shadowcat.gateway.cli;

import dev.shadowcat.gateway.admin.AdminHandler;
import dev.shadowcat.gateway.config.Configuration;
import dev.shadowcat.gateway.config.Keys;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** The admin port of a running gateway, as other commands reach it. */
final class AdminPort implements AutoCloseable {
    private static final Duration TO_CONNECT = Duration.ofSeconds(2);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(TO_CONNECT).build();
    private final String url;

    private AdminPort(String url) {
        this.url = url;
    }

    /** Of the gateway that a command is meant for; empty where none runs. */
    static Optional<AdminPort> of(Configuration configuration) {
        Optional<AdminPort> port = of(configuration.get(Keys.DATA).toAbsolutePath());
        // The demo keeps its data in a temporary folder: it is found by its port.
        return port.isPresent() || configuration.given(Keys.DATA) ? port : at(usual(configuration));
    }

    /** Where a gateway with these settings listens if none says otherwise. */
    private static String usual(Configuration configuration) {
        return "http://" + configuration.get(Keys.ADMIN).local();
    }

    /** Where a gateway was sought in vain, and what to name, for people. */
    static String nobody(Configuration configuration) {
        String folder = "no gateway runs with the data folder "
                + configuration.get(Keys.DATA).toAbsolutePath();
        return configuration.given(Keys.DATA)
                ? folder
                : folder + " or with its admin port on " + usual(configuration)
                        + "; name the folder with --data, or the port with --admin";
    }

    /** Whether a gateway runs with a data folder. */
    static boolean answersFor(Path data) {
        try (AdminPort port = of(data).orElse(null)) {
            return port != null;
        }
    }

    private static Optional<AdminPort> of(Path data) {
        return new AdminAddress(data).read().flatMap(AdminPort::at);
    }

    /** Empty where no gateway listens there: nobody at all, or something else. */
    private static Optional<AdminPort> at(String url) {
        AdminPort port = new AdminPort(url);
        try {
            if (AdminHandler.UP.equals(port.send("GET", "/health").body())) {
                return Optional.of(port);
            }
        } catch (ConnectException | HttpConnectTimeoutException | ProtocolException nobody) {
            port.close();
            return Optional.empty();
        } catch (IOException broken) {
            port.close();
            throw port.silent(broken);
        }
        port.close();
        return Optional.empty();
    }

    HttpResponse<String> get(String path) {
        return answer("GET", path);
    }

    HttpResponse<String> post(String path) {
        return answer("POST", path);
    }

    @Override
    public void close() {
        client.close();
    }

    private HttpResponse<String> answer(String method, String path) {
        try {
            return send(method, path);
        } catch (IOException broken) {
            throw silent(broken);
        }
    }

    private HttpResponse<String> send(String method, String path) throws IOException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + path))
                .timeout(PATIENCE)
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build();
        try {
            return client.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", interrupted);
        }
    }

    private Failure silent(IOException broken) {
        return new Failure("the admin port " + url + " does not answer: " + broken.getMessage());
    }
}
