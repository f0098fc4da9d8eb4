package dev.shadowcat.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shadowcat.gateway.config.Configuration;
import dev.shadowcat.gateway.config.ConfigurationException;
import dev.shadowcat.gateway.config.UpstreamSettings;
import dev.shadowcat.gateway.upstream.UpstreamClientSettings;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GatewayWiringTest {
    @TempDir
    Path folder;

    @Test
    void anUpstreamsSettingsReachItsClient() throws Exception {
        Path authority = Files.writeString(folder.resolve("ca.pem"), "");
        UpstreamClientSettings client = GatewayWiring.clientSettings(upstream(authority));
        assertThat(client.caFile()).isEqualTo(authority);
        assertThat(client.connectTimeout()).isEqualTo(Duration.ofSeconds(7));
    }

    @Test
    void aCertificateFileThatIsNotThereIsRefusedAtOnce() {
        assertThatThrownBy(() -> upstream(folder.resolve("none.pem")))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("--upstream-ca-file")
                .hasMessageContaining("none.pem");
    }

    @ParameterizedTest
    @ValueSource(strings = {"listen", "admin"})
    void aTakenPortIsToldWithTheSettingAndLeavesNoFolder(String key) throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String address = "127.0.0.1:" + taken.getLocalPort();
            for (Path data : List.of(folder, folder.resolve("new"))) {
                Map<String, String> flags = new HashMap<>(Map.of(
                        "--upstream",
                        "http://127.0.0.1:1/mcp",
                        "--listen",
                        "127.0.0.1:0",
                        "--admin",
                        "127.0.0.1:0",
                        "--data",
                        data.toString()));
                flags.put("--" + key, address);
                assertThatThrownBy(() -> GatewayWiring.start(
                                Configuration.read(flags, Map.of()).gateway(), Map.of()))
                        .isInstanceOf(Failure.class)
                        .hasMessageStartingWith(key + ": cannot listen on " + address)
                        .hasMessageEndingWith(
                                "; choose another with --" + key + " HOST:PORT, or " + key + ": in the file");
            }
            assertThat(folder.resolve("new")).doesNotExist();
        }
    }

    private static UpstreamSettings upstream(Path authority) {
        return Configuration.read(
                        Map.of(
                                "--upstream-url", "https://mcp.example.com/mcp",
                                "--upstream-connect-timeout", "7s",
                                "--upstream-ca-file", authority.toString()),
                        Map.of())
                .gateway()
                .upstreams()
                .firstEntry()
                .getValue();
    }
}
