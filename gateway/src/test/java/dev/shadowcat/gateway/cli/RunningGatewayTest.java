package dev.shadowcat.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.gateway.config.Configuration;
import dev.shadowcat.gateway.config.GatewaySettings;
import dev.shadowcat.gateway.config.HostPort;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a gateway says of itself as it starts and stops. */
class RunningGatewayTest {
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
    private final Console console = new Console(out, out);

    /** Listens on ports of its own and has some streams open. */
    private record Running(GatewaySettings settings, int openStreams) implements RunningGateway {
        @Override
        public int port() {
            return 4001;
        }

        @Override
        public int adminPort() {
            return 4002;
        }

        @Override
        public HostPort nodeAddress() {
            return new HostPort("node-1", 4003);
        }

        @Override
        public void reloadFrom(Configuration started) {}

        @Override
        public void stop() {}
    }

    private static Running gateway(int openStreams, String... settings) {
        Map<String, String> given = new HashMap<>(Map.of("--upstream", "http://127.0.0.1:3000/mcp"));
        for (int i = 0; i < settings.length; i += 2) {
            given.put(settings[i], settings[i + 1]);
        }
        return new Running(Configuration.read(given, Map.of()).gateway(), openStreams);
    }

    private List<String> lines() {
        return printed.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void itSaysWhereItListensForWhomAndWhereEventsAre() {
        gateway(0, "--data", "/srv/events", "--durability", "sync").announce(console);
        assertThat(lines())
                .containsExactly(
                        "shadowcat: listening on http://127.0.0.1:4001/mcp for http://127.0.0.1:3000/mcp",
                        "shadowcat: admin on http://127.0.0.1:4002",
                        "shadowcat: events in /srv/events, sync");
    }

    @Test
    void aSharedStoreIsNamedWithoutItsPassword() {
        gateway(0, "--store", "postgresql://cat:secret@db.example.com/events").announce(console);
        assertThat(lines())
                .contains("shadowcat: events in postgresql://cat@db.example.com:5432/events, as node node-1:4003")
                .noneMatch(line -> line.contains("secret"));
    }

    @Test
    void aNodeIsNamedAsTheOthersReachItThoughItListensOnAllInterfaces() {
        gateway(0, "--store", "redis://db.example.com", "--listen", "0.0.0.0:4001")
                .announce(console);
        assertThat(lines()).anyMatch(line -> line.endsWith(", as node node-1:4003"));
    }

    @Test
    void itSaysWhatItWaitsForAsItStops() {
        gateway(2).stop(console);
        assertThat(lines())
                .containsExactly("shadowcat: stopping, within 10s; 2 streams are open", "shadowcat: stopped");
    }
}
