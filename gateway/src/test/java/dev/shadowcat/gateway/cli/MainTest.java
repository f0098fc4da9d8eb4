package dev.shadowcat.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MainTest {
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final PrintStream print = new PrintStream(err, true, StandardCharsets.UTF_8);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "demoo|demoo: no such command; allowed: demo, gateway, reverse, doctor, sessions, events, dead-letters, reload",
                "--upstream http://a/|--upstream: flags follow a command, such as: shadowcat gateway --upstream URL",
                "gateway --upstrem http://a/|--upstrem: no such flag; did you mean --upstream?; allowed: those in docs/configuration.md",
                "gateway http://a/|http://a/: belongs to no flag; see shadowcat gateway --help",
            })
    void anUnknownWordGetsOneLineThatSaysWhatIsAllowed(String arguments, String line) {
        Main main = new Main(Map.of(), new Console(print, print), settings -> {
            throw new AssertionError("started");
        });

        assertThat(main.run(arguments.split(" ", -1))).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("shadowcat: " + line + "\n");
    }
}
