package dev.shadowcat.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shadowcat.gateway.config.Configuration;
import dev.shadowcat.gateway.config.ConfigurationException;
import dev.shadowcat.gateway.config.UpstreamSettings;
import dev.shadowcat.gateway.upstream.UpstreamClientSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
