package dev.shadowcat.gateway.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import dev.shadowcat.gateway.config.LogFormat;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

class LogSetupTest {
    private static String line(LogFormat format) {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        LoggingEvent event = new LoggingEvent(
                LogSetupTest.class.getName(),
                context.getLogger("dev.shadowcat.Some"),
                Level.WARN,
                "The store {}",
                new IllegalStateException("is \"gone\""),
                new Object[] {"fails"});
        return new String(LogSetup.encoder(context, format).encode(event), StandardCharsets.UTF_8);
    }

    @Test
    void aLineForPeopleHasLevelNameAndMessage() {
        assertThat(line(LogFormat.TEXT)).contains(" WARN  Some: The store fails\n", "is \"gone\"");
    }

    @Test
    void aLineForMachinesIsOneObjectWithTheWholeMessage() {
        String line = line(LogFormat.JSON);
        JsonNode object = new ObjectMapper().readTree(line);

        assertThat(line.strip()).doesNotContain("\n");
        assertThat(object.get("level").asString()).isEqualTo("WARN");
        assertThat(object.get("loggerName").asString()).isEqualTo("dev.shadowcat.Some");
        assertThat(object.get("formattedMessage").asString()).isEqualTo("The store fails");
        assertThat(object.get("throwable").get("message").asString()).isEqualTo("is \"gone\"");
    }
}
