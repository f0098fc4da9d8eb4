package dev.shadowcat.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostPortTest {
    @ParameterizedTest
    @CsvSource({"0.0.0.0:9090,127.0.0.1:9090", "[::]:9090,[::1]:9090", "10.1.2.3:9090,10.1.2.3:9090"})
    void aWildcardIsReachedByLoopback(String listening, String local) {
        assertThat(HostPort.parse(listening).local()).hasToString(local);
    }
}
