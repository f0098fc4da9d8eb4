package dev.shadowcat.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.gateway.config.Configuration;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands find a running demo, whose data folder nobody named. */
class DemoCommandTest {
    @TempDir
    Path folder;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Console console = new Console(
            new PrintStream(out, true, StandardCharsets.UTF_8), new PrintStream(err, true, StandardCharsets.UTF_8));

    private Map<String, String> environment() {
        return Map.of("XDG_DATA_HOME", folder.toString());
    }

    private int run(String... arguments) {
        return new Main(environment(), console, settings -> {
                    throw new AssertionError("started");
                })
                .run(arguments);
    }

    private List<String> lines(ByteArrayOutputStream said) {
        return said.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void reloadFindsTheDemoByItsAdminPort() throws Exception {
        Path config = Files.writeString(folder.resolve("shadowcat.yaml"), "hold-for: 1s\n");
        DemoCommand.Demo demo = new DemoCommand(console, Main.STARTER)
                .start(Configuration.read(
                        Map.of("--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--config", config.toString()),
                        environment()));
        try {
            Files.writeString(config, "hold-for: 2s\n");
            String admin = "127.0.0.1:" + demo.gateway().adminPort();
            assertThat(run("reload", "--admin", admin))
                    .as(err.toString(StandardCharsets.UTF_8))
                    .isZero();
            assertThat(lines(out)).containsExactly("shadowcat: reloaded: hold-for 1s → 2s");
            assertThat(run("sessions", "--admin", admin)).isZero();
        } finally {
            demo.stop();
        }
        assertThat(demo.data()).doesNotExist();
    }

    @Test
    void aReloadThatFindsNobodySaysWhereItLookedAndWhatToDo() {
        assertThat(run("reload", "--admin", "127.0.0.1:1")).isEqualTo(1);
        assertThat(lines(err))
                .containsExactly(
                        "shadowcat: no gateway runs with the data folder " + folder.resolve("shadowcat")
                                + " or with its admin port on http://127.0.0.1:1; name the folder with --data, or the port with --admin");
    }

    @Test
    void deadLettersThatAreNotThereSayWhereTheyWereSoughtAndWhatToDo() {
        assertThat(run("dead-letters")).isZero();
        assertThat(lines(out)).isEmpty();
        assertThat(lines(err))
                .containsExactly("shadowcat: there are no dead letters in " + folder.resolve("shadowcat")
                        + "; name another data folder with --data");
    }
}
