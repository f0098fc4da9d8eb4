package dev.shadowcat.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.OptionSpec;

/** The help of a command shows the flags that it looks at, and takes those of the gateway all the same. */
class CommandLinesTest {
    @ParameterizedTest
    @CsvSource({
        "dead-letters, --help --config --data --payload --resubmit",
        "sessions, --help --config --admin --store --data",
        "events, --help --config --admin --store --data --stream --follow",
        "reload, --help --config --admin --data"
    })
    void aCommandShowsWhatItLooksAt(String name, String shown) {
        CommandLine all = CommandLines.build(List.of(name));
        CommandLine command = Objects.requireNonNull(all.getSubcommands().get(name));
        assertThat(command.getCommandSpec().options().stream()
                        .filter(option -> !option.hidden())
                        .map(OptionSpec::longestName))
                .containsExactly(shown.split(" "));
        String help = command.getUsageMessage(Ansi.OFF);
        assertThat(help).doesNotContain("--upstream", "--queue-capacity").contains("with the flags of the gateway");
        String session = name.equals("events") ? " a-session" : "";
        all.parseArgs((name + session + " --upstream http://a/ --queue-capacity 7").split(" "));
    }

    @ParameterizedTest
    @CsvSource({"gateway", "doctor", "demo"})
    void oneThatLooksAtAllShowsWhatMostWant(String name) {
        CommandLine command = Objects.requireNonNull(
                CommandLines.build(List.of(name)).getSubcommands().get(name));
        assertThat(command.getUsageMessage(Ansi.OFF)).contains("--upstream=URL", "--listen", "--queue-capacity 2000");
    }
}
