package dev.shadowcat.gateway.cli;

import dev.shadowcat.gateway.config.Configuration;
import dev.shadowcat.gateway.config.ConfigurationException;
import dev.shadowcat.gateway.config.Keys;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code shadowcat reload}: tells the running gateway to read its file again, and says what it took over. */
final class ReloadCommand {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Console console;

    ReloadCommand(Console console) {
        this.console = console;
    }

    void run(Configuration configuration) {
        Path data = configuration.get(Keys.DATA).toAbsolutePath();
        String admin = new AdminAddress(data)
                .read()
                .orElseThrow(() -> new Failure("no gateway runs with the data folder " + data));
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<String> answer = client.send(
                    HttpRequest.newBuilder(URI.create(admin + "/reload"))
                            .timeout(PATIENCE)
                            .POST(HttpRequest.BodyPublishers.noBody())
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            JsonNode body = JsonMapper.shared().readTree(answer.body());
            if (answer.statusCode() != 200) {
                throw new ConfigurationException(body.path("error").asString(answer.body()));
            }
            console.print("shadowcat: reloaded: " + body.path("reloaded").asString(""));
        } catch (IOException nobody) {
            throw new Failure("no gateway answers at " + admin);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
