package dev.shadowcat.mcp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class InitializationTest {
    @Test
    void readsWhatTheClientAsksFor() {
        byte[] request = Messages.initialize(new RequestId("0"), "2025-11-25", "probe", "1.0");
        assertThat(InitializeRequest.read(request)).contains(new InitializeRequest("2025-11-25", "probe", "1.0"));
    }

    @Test
    void flattensWhatTheServerDeclares() {
        assertThat(result(
                        "{\"tools\":{\"listChanged\":true},\"resources\":{\"subscribe\":true,\"listChanged\":false},\"logging\":{},"
                                + "\"prompts\":null,\"x\":[1],\"tasks\":{\"requests\":{\"tools\":{\"call\":{}}}}}"))
                .isEqualTo(List.of(
                        "logging",
                        "resources",
                        "resources.subscribe",
                        "tasks",
                        "tasks.requests",
                        "tasks.requests.tools",
                        "tools",
                        "tools.listChanged"));
    }

    @Test
    void boundsWhatTheServerDeclares() {
        String many =
                IntStream.range(0, 1_000).mapToObj(i -> "\"c" + i + "\":{}").collect(Collectors.joining(",", "{", "}"));
        assertThat(result(many)).hasSize(128);
        assertThat(result("{\"" + "x".repeat(129) + "\":{},\"y\":true}")).containsExactly("y");
    }

    @Test
    void isEmptyWhereNoRevisionIsNamed() {
        assertThat(InitializeRequest.read("{\"params\":{}}".getBytes(UTF_8))).isEmpty();
        assertThat(InitializeRequest.read("{\"params\":{\"protocolVersion\":7}}".getBytes(UTF_8)))
                .isEmpty();
        assertThat(InitializeRequest.read("{".getBytes(UTF_8))).isEmpty();
        assertThat(InitializeRequest.read("[]".getBytes(UTF_8))).isEmpty();
        assertThat(InitializeResult.read("{\"result\":[]}".getBytes(UTF_8))).isEmpty();
        assertThat(InitializeResult.read("nonsense".getBytes(UTF_8))).isEmpty();
    }

    private static List<String> result(String capabilities) {
        byte[] message =
                ("{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{\"protocolVersion\":\"2025-06-18\",\"serverInfo\":{\"name\":\"s\",\"version\":\"2\","
                                + "\"icons\":[{}]},\"capabilities\":" + capabilities + "}}")
                        .getBytes(UTF_8);
        InitializeResult result = InitializeResult.read(message).orElseThrow();
        assertThat(result.protocolVersion()).isEqualTo("2025-06-18");
        assertThat(result.serverName()).isEqualTo("s");
        assertThat(result.serverVersion()).isEqualTo("2");
        return result.capabilities();
    }
}
