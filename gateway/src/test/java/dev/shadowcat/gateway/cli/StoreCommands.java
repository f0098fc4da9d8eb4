package dev.shadowcat.gateway.cli;

import dev.shadowcat.gateway.config.Configuration;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;

/** What tests of commands on a store that gateways share have alike: where they begin, and what the commands say. */
abstract class StoreCommands {
    @TempDir
    Path data;

    final ByteArrayOutputStream said = new ByteArrayOutputStream();
    final Console console = console(said);

    Configuration configuration(String store) {
        return configuration(store, Map.of());
    }

    Configuration configuration(String store, Map<String, String> environment) {
        return Configuration.read(
                Map.of(
                        "--store",
                        store,
                        "--data",
                        data.toString(),
                        "--listen",
                        "127.0.0.1:0",
                        "--admin",
                        "127.0.0.1:0"),
                environment);
    }

    String findings(String store) {
        ByteArrayOutputStream findings = new ByteArrayOutputStream();
        new Doctor(console(findings)).run(configuration(store));
        return findings.toString(StandardCharsets.UTF_8);
    }

    static Console console(ByteArrayOutputStream out) {
        PrintStream stream = new PrintStream(out, true, StandardCharsets.UTF_8);
        return new Console(stream, stream);
    }
}
