package dev.shadowcat.session;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.testkit.ManualClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Whoever asks is told of each read that failed, the log once a minute. */
class StoreReaderTest {
    private final Logger logger = (Logger) LoggerFactory.getLogger(StoreReader.class);
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private final ManualClock clock = new ManualClock(Instant.EPOCH);
    private final StoreReader reader = new StoreReader(Runnable::run, clock);
    private final List<String> told = new ArrayList<>();

    @BeforeEach
    void listen() {
        logger.setLevel(Level.WARN);
        lines.start();
        logger.addAppender(lines);
    }

    @AfterEach
    void leave() {
        logger.detachAppender(lines);
        logger.setLevel(null);
    }

    private void readInVain() {
        reader.read(
                Runnable::run,
                () -> {
                    throw new StoreException("the database is away", null);
                },
                _ -> {},
                told::add);
    }

    @Test
    void readsThatFailAreOneLineAMinute() {
        for (int i = 0; i < 100; i++) {
            readInVain();
        }
        clock.advance(Duration.ofMinutes(1));
        readInVain();
        assertThat(told).hasSize(101).containsOnly("the database is away");
        assertThat(lines.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly(
                        "A read from the store failed: the database is away",
                        "A read from the store failed: the database is away (100 times since the last line)");
    }
}
