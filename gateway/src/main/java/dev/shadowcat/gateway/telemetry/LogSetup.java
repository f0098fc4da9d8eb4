package dev.shadowcat.gateway.telemetry;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ConfiguratorRank;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.spi.ContextAwareBase;
import dev.shadowcat.gateway.config.LogFormat;
import dev.shadowcat.gateway.config.LogSettings;
import java.util.List;
import org.slf4j.LoggerFactory;

/**
 * Where log lines go and how they look: stderr only, since stdout belongs to what commands print. In code and not in XML, whose
 * parser would cost a tenth of each start; a file that is named by {@code logback.configurationFile} comes first.
 */
@ConfiguratorRank(ConfiguratorRank.NOMINAL)
public final class LogSetup extends ContextAwareBase implements Configurator {
    private static final String LEVEL = "SHADOWCAT_LOG_LEVEL";
    private static final String FORMAT = "SHADOWCAT_LOG_FORMAT";
    private static final String APPENDER = "stderr";
    private static final String FAILED_START = "io.opentelemetry.sdk.autoconfigure"; // says what its exception says too
    /** A store's failures are told by the store, once an outage. */
    private static final List<String> DRIVERS = List.of("com.zaxxer.hikari", "org.flywaydb", "io.lettuce");

    private static final String PATTERN = "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level %logger{0}: %msg%n%ex{short}";

    private static LogFormat format = LogFormat.TEXT; // of our own appender; guarded by the class

    /** Logs so from now on. What a file of the user's says of the form stays as it is. */
    public static synchronized void apply(LogSettings settings) {
        if (LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME) instanceof Logger root) {
            root.setLevel(Level.toLevel(settings.level().name(), Level.INFO));
            Appender<ILoggingEvent> own = root.getAppender(APPENDER);
            if (own != null && format != settings.format()) {
                format = settings.format();
                root.addAppender(console(root.getLoggerContext()));
                root.detachAppender(own);
                own.stop();
            }
        }
    }

    @Override
    public ExecutionStatus configure(LoggerContext context) {
        start(context);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    private static synchronized void start(LoggerContext context) {
        format = "json".equalsIgnoreCase(System.getenv(FORMAT)) ? LogFormat.JSON : LogFormat.TEXT;
        Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.toLevel(System.getenv(LEVEL), Level.INFO));
        root.addAppender(console(context));
        context.getLogger(FAILED_START).setLevel(Level.WARN);
        DRIVERS.forEach(name -> context.getLogger(name).setLevel(Level.ERROR));
    }

    private static ConsoleAppender<ILoggingEvent> console(LoggerContext context) {
        ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
        console.setContext(context);
        console.setName(APPENDER);
        console.setTarget("System.err");
        console.setEncoder(encoder(context, format));
        console.start();
        return console;
    }

    static Encoder<ILoggingEvent> encoder(LoggerContext context, LogFormat format) {
        Encoder<ILoggingEvent> encoder = format == LogFormat.JSON ? json() : text();
        encoder.setContext(context);
        encoder.start();
        return encoder;
    }

    private static Encoder<ILoggingEvent> text() {
        PatternLayoutEncoder encoder = new PatternLayoutEncoder();
        encoder.setPattern(PATTERN);
        return encoder;
    }

    private static Encoder<ILoggingEvent> json() {
        JsonEncoder encoder = new JsonEncoder();
        encoder.setWithSequenceNumber(false);
        encoder.setWithNanoseconds(false);
        encoder.setWithContext(false);
        encoder.setWithMessage(false);
        encoder.setWithArguments(false);
        encoder.setWithFormattedMessage(true);
        return encoder;
    }
}
