package dev.shadowcat.gateway.cli;

import dev.shadowcat.gateway.config.Configuration;
import dev.shadowcat.gateway.config.GatewaySettings;
import dev.shadowcat.gateway.config.HostPort;
import dev.shadowcat.gateway.config.Keys;
import dev.shadowcat.gateway.config.UpstreamSettings;
import dev.shadowcat.gateway.demo.DemoServer;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** {@code shadowcat demo}: the gateway before a small MCP server in the same process, and what to paste to try it. */
final class DemoCommand {
    private final Console console;
    private final RunningGateway.Starter starter;

    DemoCommand(Console console, RunningGateway.Starter starter) {
        this.console = console;
        this.starter = starter;
    }

    void run(Configuration configuration) {
        Demo demo = start(configuration);
        demo.gateway().announce(console);
        if (demo.temporary()) {
            console.print("shadowcat: data in " + demo.data() + ", deleted when the demo ends");
        }
        HostPort listen =
                demo.gateway().settings().listen().withPort(demo.gateway().port());
        DemoTour.lines("http://" + listen + "/mcp").forEach(console::print);
        new Shutdown().await(demo::stop);
    }

    Demo start(Configuration configuration) {
        GatewaySettings given = configuration.gateway();
        if (!given.upstreams().isEmpty()) {
            console.warn(
                    "the demo runs before an MCP server of its own; before yours: shadowcat gateway --upstream URL");
        }
        SmallListener server =
                SmallListener.open("demo", new HostPort("127.0.0.1", 0), List.of(), new DemoServer(new SecureRandom()));
        URI url = URI.create("http://127.0.0.1:" + server.port() + "/mcp");
        GatewaySettings settings = given.withUpstreams(new TreeMap<>(Map.of("", UpstreamSettings.at("", url))));
        boolean temporary = !configuration.given(Keys.DATA);
        Path data = temporary ? temporaryFolder() : settings.store().data();
        try {
            RunningGateway gateway =
                    starter.start(settings.withStore(settings.store().withData(data)));
            gateway.reloadFrom(configuration);
            return new Demo(gateway, server, data, temporary);
        } catch (RuntimeException failed) {
            server.close();
            if (temporary) {
                Demo.delete(data);
            }
            throw failed;
        }
    }

    private static Path temporaryFolder() {
        try {
            return Files.createTempDirectory("shadowcat-demo");
        } catch (IOException unwritable) {
            throw new Failure("cannot make a temporary folder: " + unwritable.getMessage());
        }
    }

    /** The demo's parts while it runs. */
    record Demo(RunningGateway gateway, SmallListener server, Path data, boolean temporary) {
        void stop() {
            gateway.stop();
            server.close();
            if (temporary) {
                delete(data);
            }
        }

        private static void delete(Path folder) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            } catch (IOException stays) {
                // What stays behind is in the system's temporary folder, which the system cleans.
                return;
            }
        }
    }
}
