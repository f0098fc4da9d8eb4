package dev.shadowcat.gateway.cli;

import dev.shadowcat.gateway.config.Configuration;
import dev.shadowcat.gateway.config.ConfigurationException;
import java.net.http.HttpResponse;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code shadowcat reload}: tells the running gateway to read its file again, and says what it took over. */
final class ReloadCommand {
    private final Console console;

    ReloadCommand(Console console) {
        this.console = console;
    }

    void run(Configuration configuration) {
        try (AdminPort port =
                AdminPort.of(configuration).orElseThrow(() -> new Failure(AdminPort.nobody(configuration)))) {
            HttpResponse<String> answer = port.post("/reload");
            JsonNode body = JsonMapper.shared().readTree(answer.body());
            if (answer.statusCode() != 200) {
                throw new ConfigurationException(body.path("error").asString(answer.body()));
            }
            console.print("shadowcat: reloaded: " + body.path("reloaded").asString(""));
        }
    }
}
