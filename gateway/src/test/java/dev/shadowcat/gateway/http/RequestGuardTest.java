package dev.shadowcat.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestGuardTest {
    private static final ExchangeHandler NEXT =
            exchange -> exchange.respond(202, EmptyHttpHeaders.INSTANCE, Unpooled.EMPTY_BUFFER);

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "202, localhost, -",
                "202, LOCALHOST:8080, -",
                "202, 127.0.0.1:1, -",
                "202, [::1]:8080, -",
                "202, [::1], -",
                "202, 10.1.2.3:8080, -",
                "202, mcp.example.com, -",
                "202, MCP.example.com:444, -",
                "202, fixed.example.com:8443, -",
                "403, fixed.example.com:8444, -",
                "403, fixed.example.com, -",
                "403, evil.example.com, -",
                "403, localhost.evil.example.com, -",
                "403, localhost:80:80, -",
                "403, user@localhost, -",
                "403, '', -",
                "403, '[::1', -",
                "403, '::1', -",
                "403, 0.0.0.0, -",
                "202, localhost, http://localhost:5173",
                "202, localhost, https://127.0.0.1",
                "202, localhost, http://[::1]:3000",
                "202, localhost, http://10.1.2.3",
                "202, localhost, https://app.example.com",
                "202, localhost, HTTPS://APP.example.com",
                "403, localhost, http://app.example.com",
                "403, localhost, https://app.example.com:8443",
                "403, localhost, https://evil.example.com",
                "403, localhost, https://localhost.evil.example.com",
                "403, localhost, http://localhost/path",
                "403, localhost, http://localhost@evil.example.com",
                "403, localhost, file://localhost",
                "403, localhost, null",
                "403, evil.example.com, http://localhost:5173",
            })
    void letsInWhoMayCome(int status, String host, String origin) {
        String headers = "Host: " + host + "\r\n" + (origin == null ? "" : "Origin: " + origin + "\r\n");
        String answer = through(allowing("https://app.example.com"), "GET /mcp HTTP/1.1\r\n" + headers + "\r\n");
        assertThat(answer).startsWith("HTTP/1.1 " + status + ' ');
        if (status == 403) {
            assertThat(answer).contains("\"code\":-32600");
        }
    }

    @Test
    void refusesTwoHosts() {
        assertThat(through(allowing(), "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n"))
                .startsWith("HTTP/1.1 400 ");
    }

    @Test
    void servesHttp10WithoutAHost() {
        assertThat(through(allowing(), "GET / HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 202 ");
    }

    @Test
    void answersAPreflight() {
        String answer = through(
                allowing("https://app.example.com"),
                lines(
                        "OPTIONS /mcp HTTP/1.1",
                        "Host: localhost",
                        "Origin: https://app.example.com",
                        "Access-Control-Request-Method: POST",
                        "Access-Control-Request-Headers: content-type,mcp-protocol-version"));
        assertThat(answer)
                .startsWith("HTTP/1.1 204 No Content\r\n")
                .contains("access-control-allow-origin: https://app.example.com\r\n")
                .contains("access-control-allow-credentials: true\r\n")
                .contains("access-control-allow-methods: GET, POST, DELETE, OPTIONS\r\n")
                .contains("access-control-allow-headers: content-type,mcp-protocol-version\r\n")
                .contains("access-control-max-age: 7200\r\n", "vary: origin\r\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"https://evil.example.com", "null"})
    void answersNoPreflightOfAStranger(String origin) {
        String answer = through(
                allowing(),
                "OPTIONS /mcp HTTP/1.1\r\nHost: localhost\r\nOrigin: " + origin
                        + "\r\nAccess-Control-Request-Method: POST\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 403 ").doesNotContain("access-control");
    }

    @Test
    void showsAnswersToAnAllowedPage() {
        assertThat(through(allowing(), "GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:5173\r\n\r\n"))
                .contains("access-control-allow-origin: http://localhost:5173\r\n")
                .contains("access-control-expose-headers: Mcp-Session-Id, MCP-Protocol-Version, ")
                .contains("vary: origin\r\n")
                .doesNotContain("credentials");
    }

    @Test
    void givesNoCredentialsToEveryPage() {
        assertThat(through(allowing("*"), "GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: https://any.example\r\n\r\n"))
                .startsWith("HTTP/1.1 202 ")
                .contains("access-control-allow-origin: *\r\n")
                .doesNotContain("credentials");
    }

    @Test
    void showsTheListenersOwnRefusals() {
        assertThat(through(
                        allowing("https://app.example.com"),
                        lines(
                                "POST / HTTP/1.1",
                                "Host: localhost",
                                "Origin: https://app.example.com",
                                "Content-Length: 99999999")))
                .startsWith("HTTP/1.1 413 ")
                .contains("access-control-allow-origin: https://app.example.com\r\n");
    }

    @Test
    void showsStreamsToAnAllowedPage() {
        RequestGuard guard = new RequestGuard(
                allowing(),
                exchange -> exchange.startStream(200, EmptyHttpHeaders.INSTANCE, true)
                        .finish());
        try (EmbeddedConnection connection = new EmbeddedConnection(guard)) {
            connection.send("GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:1\r\n\r\n");
            assertThat(connection.received()).contains("access-control-allow-origin: http://localhost:1\r\n");
        }
    }

    @Test
    void leavesOtherAnswersAlone() {
        assertThat(through(allowing("*"), "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                .doesNotContain("access-control", "vary");
    }

    @Test
    void refusesNamesThatAreNone() {
        assertThatThrownBy(() -> new GuardSettings(null, List.of("http://a"), List.of()))
                .hasMessageContaining("allow-host")
                .hasMessageContaining("http://a");
        assertThatThrownBy(() -> new GuardSettings(null, List.of(), List.of("app.example.com")))
                .hasMessageContaining("allow-origin")
                .hasMessageContaining("app.example.com");
    }

    private static String lines(String... head) {
        return String.join("\r\n", head) + "\r\n\r\n";
    }

    private static String through(GuardSettings settings, String request) {
        try (EmbeddedConnection connection = new EmbeddedConnection(new RequestGuard(settings, NEXT))) {
            return connection.send(request).received();
        }
    }

    private static GuardSettings allowing(String... origins) {
        try {
            return new GuardSettings(
                    InetAddress.getByName("10.1.2.3"),
                    List.of("mcp.example.com", "fixed.example.com:8443"),
                    List.of(origins));
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }
}
