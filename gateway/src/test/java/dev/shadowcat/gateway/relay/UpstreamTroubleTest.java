package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.shadowcat.store.MemoryStore;
import dev.shadowcat.testkit.ManualClock;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** An upstream with which no session can begin is said once, counted while it lasts, and said to be over. */
class UpstreamTroubleTest {
    private final Logger logger = (Logger) LoggerFactory.getLogger(UpstreamTrouble.class);
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

    @BeforeEach
    void listen() {
        lines.start();
        logger.addAppender(lines);
    }

    @AfterEach
    void leave() {
        logger.detachAppender(lines);
    }

    private List<String> said() {
        return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    @Test
    void repeatedFailuresAreOneLineAMinute() {
        ManualClock clock = new ManualClock(Instant.EPOCH);
        UpstreamTrouble trouble = new UpstreamTrouble("files", clock);
        for (int i = 0; i < 100; i++) {
            trouble.failed("connection refused");
        }
        clock.advance(Duration.ofMinutes(2));
        trouble.failed("connection refused");
        trouble.began();
        trouble.began();
        assertThat(said())
                .containsExactly(
                        "No session can begin with the MCP server files: connection refused",
                        "No session can begin with the MCP server files: connection refused"
                                + " (100 times since the last line)",
                        "Sessions begin with the MCP server files again, after 101 failures");
    }

    @Test
    void anInitializeThatTheUpstreamDoesNotTakeIsLogged() throws Exception {
        URI nowhere = URI.create("http://127.0.0.1:9/mcp");
        try (GatewayFixture gateway = new GatewayFixture(new MemoryStore(1 << 20), nowhere, Map.of());
                TestClient client = gateway.client().bearer("secret")) {
            assertThatThrownBy(client::initialize).hasMessageContaining("502");
            assertThat(said())
                    .singleElement()
                    .asString()
                    .contains("No session can begin")
                    .doesNotContain("secret");
        }
    }
}
