package dev.shadowcat.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.gateway.config.Configuration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** deploy/shadowcat.service fits what the gateway does when it stops and how it ends. */
class ServiceUnitTest {
    private static final Path UNIT = Path.of("..", "deploy", "shadowcat.service");
    private static final Path GUIDE = Path.of("..", "docs", "guide.md");

    private static String setting(String name) throws IOException {
        Matcher line = Pattern.compile("(?m)^" + name + "=(.*)$").matcher(Files.readString(UNIT));
        assertThat(line.find()).as(name).isTrue();
        return line.group(1);
    }

    @Test
    void itWaitsLongerThanStoppingTakes() throws IOException {
        Duration deadline = Configuration.read(Map.of(), Map.of()).gateway().shutdownDeadline();
        Duration waits = Duration.ofSeconds(Long.parseLong(setting("TimeoutStopSec")));
        assertThat(waits).isGreaterThanOrEqualTo(deadline.plusSeconds(5));
    }

    @Test
    void aWrongSettingIsNotTriedAgain() throws IOException {
        assertThat(setting("RestartPreventExitStatus")).isEqualTo("2");
    }

    @Test
    void theGuideSaysWhatItNeedsFirst() throws IOException {
        String launcher = setting("ExecStart").split(" ", 2)[0];
        assertThat(Files.readString(GUIDE))
                .contains(launcher + " build", UNIT.getFileName().toString());
    }
}
