package dev.shadowcat.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shadowcat.gateway.config.GatewaySettings;
import dev.shadowcat.gateway.config.UpstreamSettings;
import dev.shadowcat.testkit.RedisProcess;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** A data folder belongs to one running gateway, whatever its store is. */
class DataFolderTest extends StoreCommands {
    /** Another process, which takes a folder, says so, and keeps it until its input ends. */
    static final class Holder {
        public static void main(String[] arguments) throws IOException {
            DataFolder.take(Path.of(arguments[0]));
            System.out.write('.');
            System.out.flush();
            System.in.read();
        }
    }

    @Test
    void aSecondGatewayOnTheFolderOfOneThatSharesItsStoreIsNotStarted() throws Exception {
        try (RedisProcess redis = RedisProcess.start()) {
            UpstreamSettings upstream = UpstreamSettings.at("", URI.create("http://127.0.0.1:1/mcp"));
            GatewaySettings settings =
                    configuration(redis.url()).gateway().withUpstreams(new TreeMap<>(Map.of("", upstream)));
            RunningGateway first = GatewayWiring.start(settings, Map.of());
            assertThatThrownBy(() -> GatewayWiring.start(settings, Map.of()))
                    .isInstanceOf(Failure.class)
                    .hasMessage(
                            data + " is in use by another gateway (pid "
                                    + ProcessHandle.current().pid()
                                    + "); each needs a data folder of its own, those that share a store too: name another one with --data");
            first.stop();
            GatewayWiring.start(settings, Map.of()).stop();
        }
    }

    @Test
    void whileAnotherProcessHasItNobodyElseDoes() throws Exception {
        assertThat(findings("memory")).contains("ok    data: " + data + " can be written");
        Process holder = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Holder.class.getName(),
                        data.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(holder.getInputStream().read()).isEqualTo('.');
        assertThatThrownBy(() -> DataFolder.take(data)).hasMessageContaining(" (pid " + holder.pid() + ")");
        assertThat(findings("memory")).contains("FAIL  data: " + data + " is in use by another process");
        assertThat(findings("rocksdb")).contains("FAIL  store: " + data + " is in use by another process");
        holder.destroyForcibly().waitFor();
        assertThat(findings("memory")).contains("ok    data: " + data + " can be written");
        DataFolder.take(data).close();
    }

    @Test
    void whatIsInItIsForItsUserAlone() throws Exception {
        Path made = data.resolve("new");
        DataFolder.take(made).close();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made)))
                .isEqualTo("rwx------");
    }

    @Test
    void oneThatCannotBeMadeIsNamed() throws Exception {
        Path file = Files.writeString(data.resolve("file"), "");
        assertThatThrownBy(() -> DataFolder.take(file))
                .isInstanceOf(Failure.class)
                .hasMessageContaining(file.toString());
    }
}
