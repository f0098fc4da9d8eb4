package dev.shadowcat.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Keeps docs/configuration.md in step with the table of settings; {@code -Dshadowcat.renew=true} writes it anew. */
class ConfigurationPageTest {
    private static final Path PAGE = Path.of("..", "docs", "configuration.md");

    @Test
    void pageIsCurrent() throws IOException {
        String page = page();
        if (Boolean.getBoolean("shadowcat.renew")) {
            Files.writeString(PAGE, page);
        }

        assertThat(Files.readString(PAGE))
                .as(
                        "renew with: mvn -pl gateway -am test -Dtest=ConfigurationPageTest -Dtest.jvm.args=-Dshadowcat.renew=true"
                                + " -Dsurefire.failIfNoSpecifiedTests=false")
                .isEqualTo(page);
    }

    private static String page() {
        return """
                # Settings

                <!-- Made from gateway/config/Keys.java by ConfigurationPageTest; do not edit. -->

                Each setting has one name. `queue.capacity` is `queue.capacity` (or `queue:` with `capacity:` below it) in
                the file that `--config` names, `SHADOWCAT_QUEUE_CAPACITY` in the environment and `--queue-capacity` as a
                flag. Flags win over the environment, the environment over the file, the file over the defaults. Lists are
                YAML lists in the file, and joined by commas elsewhere. An unknown name or a wrong value ends with exit
                code 2 and one line that says where it stands, what is wrong and what is allowed.

                | key | default | form | meaning |
                |---|---|---|---|
                %s

                A running gateway takes these over from its file when `shadowcat reload` (or a POST to /reload on the admin
                port) tells it to: %s. The whole file is checked first and nothing is taken over from one that is
                wrong; a log line says what changed, and what needs a restart.

                ## Upstreams

                `upstream: URL` (or `--upstream URL`) is the server at `/mcp`. Its other settings are `upstream.KEY`, and then
                its URL is `upstream.url`. Further servers are at `/mcp/NAME`:

                    upstreams:
                      github:
                        url: https://mcp.example.com/mcp
                        headers:
                          Authorization: Bearer ${env:GITHUB_TOKEN}
                      files:
                        url: http://127.0.0.1:3001/mcp
                        max-concurrent-calls: 50

                A name is made of lower-case letters, digits and dashes. The same as variables and flags:
                `SHADOWCAT_UPSTREAMS_GITHUB_URL`, `--upstreams-github-url`. In headers `${env:NAME}` stands for a variable and
                `${file:/path}` for what a file holds; several headers in one variable or flag are parted by line breaks,
                and a flag may be given several times.

                | key | default | form | meaning |
                |---|---|---|---|
                %s
                """.formatted(
                rows(Keys.table()),
                Keys.RELOADABLE.stream().map(key -> "`" + key.name() + "`").collect(Collectors.joining(", ")),
                rows(UpstreamKeys.DEFAULT.table()));
    }

    private static String rows(List<Key<?>> keys) {
        return keys.stream()
                .map(key -> "| `" + key.name() + "` | " + (key.fallback().isEmpty() ? "" : "`" + key.fallback() + "`")
                        + " | " + key.type().allowed().replace("|", "\\|") + " | " + key.description() + " |")
                .collect(Collectors.joining("\n"));
    }
}
