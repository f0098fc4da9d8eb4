package dev.shadowcat.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestReadingTest {
    private static final ListenerSettings SMALL = ListenerSettings.at(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .with(new ListenerSettings.Limits(1_000, 1_500, 10));

    private static final ExchangeHandler ECHO = exchange -> exchange.respond(
            200,
            new DefaultHttpHeaders().add("x-path", exchange.path() + '|' + exchange.query()),
            exchange.body().retain());

    private final List<Exchange> held = new ArrayList<>();

    @ParameterizedTest
    @CsvSource({
        "'POST /mcp?a=b HTTP/1.1|Host: localhost|Content-Length: 11||hello world'",
        "'POST /mcp?a=b HTTP/1.1|Host: localhost|Transfer-Encoding: chunked||5;ext=1|hello|6| world|0|X-Trailer: 1||'"
    })
    void readsARequestHoweverItIsSplit(String text) {
        byte[] bytes = text.replace("|", "\r\n").getBytes(StandardCharsets.US_ASCII);
        for (int split = 1; split < bytes.length; split++) {
            try (EmbeddedConnection connection = new EmbeddedConnection(ECHO)) {
                connection.send(java.util.Arrays.copyOfRange(bytes, 0, split));
                connection.send(java.util.Arrays.copyOfRange(bytes, split, bytes.length));
                assertThat(connection.received())
                        .startsWith("HTTP/1.1 200 OK\r\n")
                        .contains("x-path: /mcp|?a=b\r\n")
                        .endsWith("\r\n\r\nhello world");
                assertThat(connection.context.budget().taken()).isZero();
            }
        }
    }

    @Test
    void readsARequestByteByByte() {
        try (EmbeddedConnection connection = new EmbeddedConnection(ECHO)) {
            String text =
                    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
            for (int i = 0; i < text.length(); i++) {
                connection.send(text.substring(i, i + 1));
            }
            assertThat(connection.received()).endsWith("\r\n\r\nabcde");
        }
    }

    @Test
    void handsOverOneContiguousArray() {
        byte[] body = new byte[900_000];
        for (int i = 0; i < body.length; i++) {
            body[i] = (byte) ((i * 31) >> 3);
        }
        List<byte[]> seen = new ArrayList<>();
        try (EmbeddedConnection connection = new EmbeddedConnection(exchange -> {
            ByteBuf bytes = exchange.body();
            assertThat(bytes.hasArray()).isTrue();
            byte[] copy = new byte[bytes.readableBytes()];
            System.arraycopy(bytes.array(), bytes.arrayOffset() + bytes.readerIndex(), copy, 0, copy.length);
            seen.add(copy);
            exchange.respond(202, new DefaultHttpHeaders(), Unpooled.EMPTY_BUFFER);
        })) {
            connection.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + body.length + "\r\n\r\n");
            for (int at = 0; at < body.length; at += 9_999) {
                connection.send(java.util.Arrays.copyOfRange(body, at, Math.min(body.length, at + 9_999)));
            }
            assertThat(seen).containsExactly(body);
            assertThat(connection.context.budget().taken()).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("badRequests")
    void refusesWhatItCannotServe(int status, String text) {
        try (EmbeddedConnection connection = new EmbeddedConnection(SMALL, held::add)) {
            connection.send(text.replace("|", "\r\n"));
            assertThat(connection.received())
                    .startsWith("HTTP/1.1 " + status + ' ')
                    .contains("\r\ncontent-type: application/json\r\n", "\r\nconnection: close\r\n")
                    .contains("\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"");
            assertThat(connection.open()).isFalse();
            assertThat(held).isEmpty();
            assertThat(connection.context.budget().taken()).isZero();
        }
    }

    static Stream<Arguments> badRequests() {
        return Stream.of(
                Arguments.of(400, "nonsense||"),
                Arguments.of(400, "GET / HTTP/1.1|Host: a|bad header||"),
                Arguments.of(400, "GET / HTTP/1.1||"),
                Arguments.of(400, "GET nopath HTTP/1.1|Host: a||"),
                Arguments.of(400, "CONNECT a:443 HTTP/1.1|Host: a||"),
                Arguments.of(400, "GET http:// HTTP/1.1|Host: a||"),
                Arguments.of(400, "POST / HTTP/1.1|Host: a|Content-Length: 1|Content-Length: 2||ab"),
                Arguments.of(400, "POST / HTTP/1.1|Host: a|Content-Length: -1||"),
                Arguments.of(400, "POST / HTTP/1.1|Host: a|Content-Length: 5|Transfer-Encoding: chunked||0||"),
                Arguments.of(400, "POST / HTTP/1.0|Transfer-Encoding: chunked||0||"),
                Arguments.of(400, "POST / HTTP/1.1|Host: a|Transfer-Encoding: gzip||0||"),
                Arguments.of(400, "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||zz|"),
                Arguments.of(501, "POST / HTTP/1.1|Host: a|Transfer-Encoding: gzip, chunked||0||"),
                Arguments.of(505, "GET / HTTP/3.0|Host: a||"),
                Arguments.of(417, "POST / HTTP/1.1|Host: a|Expect: wonders|Content-Length: 2||"),
                Arguments.of(414, "GET /" + "x".repeat(RequestDecoder.MAX_TARGET) + " HTTP/1.1|Host: a||"),
                Arguments.of(431, "GET / HTTP/1.1|Host: a|X-Large: " + "x".repeat(RequestDecoder.MAX_HEADERS) + "||"),
                Arguments.of(413, "POST / HTTP/1.1|Host: a|Content-Length: 1001||"),
                Arguments.of(413, "POST / HTTP/1.1|Host: a|Expect: 100-continue|Content-Length: 1001||"),
                Arguments.of(
                        413,
                        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||258|" + "x".repeat(600) + "|191|"
                                + "x".repeat(401) + "|"));
    }

    @Test
    void namesTheLimitsOfAHead() {
        try (EmbeddedConnection connection = new EmbeddedConnection(ECHO)) {
            connection.send(
                    "GET / HTTP/1.1\r\nHost: a\r\nX-Large: " + "x".repeat(RequestDecoder.MAX_HEADERS) + "\r\n\r\n");
            assertThat(connection.received())
                    .startsWith("HTTP/1.1 431")
                    .contains("the request's headers are over the gateway's limit of 32 KiB");
        }
        try (EmbeddedConnection connection = new EmbeddedConnection(ECHO)) {
            connection.send("GET /" + "x".repeat(RequestDecoder.MAX_TARGET) + " HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(connection.received())
                    .startsWith("HTTP/1.1 414")
                    .contains("the request target is longer than the gateway's limit of 8 KiB");
        }
    }

    @Test
    void takesABodyOfExactlyTheLimit() {
        try (EmbeddedConnection connection = new EmbeddedConnection(SMALL, ECHO)) {
            connection.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + "x".repeat(1000));
            assertThat(connection.received()).startsWith("HTTP/1.1 200").endsWith("x".repeat(1000));
        }
    }

    @Test
    void tellsAnExpectingClientToContinue() {
        try (EmbeddedConnection connection = new EmbeddedConnection(ECHO)) {
            connection.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n");
            assertThat(connection.received()).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
            connection.send("ab");
            assertThat(connection.received()).startsWith("HTTP/1.1 200 OK\r\n").endsWith("ab");
        }
    }

    @Test
    void takesAnAbsoluteTargetAndItsHost() {
        List<String> hosts = new ArrayList<>();
        try (EmbeddedConnection connection = new EmbeddedConnection(exchange -> {
            hosts.add(exchange.headers().get("host"));
            ECHO.handle(exchange);
        })) {
            connection.send("GET http://other:81/x?y HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(connection.received()).contains("x-path: /x|?y\r\n");
            assertThat(hosts).containsExactly("other:81");
        }
    }

    @Test
    void handsOutOnePipelinedRequestAtATime() {
        try (EmbeddedConnection connection = new EmbeddedConnection(held::add)) {
            connection.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\n");
            assertThat(held).extracting(Exchange::path).containsExactly("/1");
            held.get(0).respond(200, new DefaultHttpHeaders(), Unpooled.EMPTY_BUFFER);
            assertThat(held).extracting(Exchange::path).containsExactly("/1", "/2");
            connection.send("Host: a\r\n\r\n");
            held.get(1).respond(202, new DefaultHttpHeaders(), Unpooled.EMPTY_BUFFER);
            assertThat(held).extracting(Exchange::path).containsExactly("/1", "/2", "/3");
            held.get(2).respond(404, new DefaultHttpHeaders(), Unpooled.EMPTY_BUFFER);
            assertThat(connection.received()).containsSubsequence("1.1 200", "1.1 202", "1.1 404");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nA: b\r\nContent-Le"})
    void readsNoRequestInTheMiddleOfAnother(String begun) {
        try (EmbeddedConnection connection = new EmbeddedConnection(ECHO)) {
            String whole = "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
            connection.send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n" + begun);
            assertThat(connection.received()).startsWith("HTTP/1.1 200");
            connection.send(whole);
            assertThat(connection.received()).startsWith("HTTP/1.1 400").doesNotContain("/2");
        }
    }

    @Test
    void refusesABodyAboveTheBytesInFlight() {
        try (EmbeddedConnection connection = new EmbeddedConnection(SMALL, held::add)) {
            // Held by requests on other connections.
            assertThat(connection.context.budget().take(1_400)).isTrue();
            connection.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n" + "x".repeat(101));
            assertThat(connection.received()).startsWith("HTTP/1.1 503").contains("\r\nretry-after: 1\r\n");
            assertThat(connection.context.budget().taken()).isEqualTo(1_400);
        }
    }

    @Test
    void holdsTheBytesInFlightUntilTheAnswerHasEnded() {
        try (EmbeddedConnection connection = new EmbeddedConnection(SMALL, held::add)) {
            connection.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 700\r\n\r\n" + "x".repeat(700));
            assertThat(connection.context.budget().taken()).isEqualTo(700);
            held.getFirst().respond(202, new DefaultHttpHeaders(), Unpooled.EMPTY_BUFFER);
            assertThat(connection.context.budget().taken()).isZero();
        }
    }

    @Test
    void cutsASilentConnection() {
        try (EmbeddedConnection connection = new EmbeddedConnection(held::add)) {
            connection.pass(Duration.ofSeconds(10));
            assertThat(connection.open()).isTrue();
            connection.pass(Duration.ofSeconds(1));
            assertThat(connection.received()).isEmpty();
            assertThat(connection.open()).isFalse();
        }
    }

    @Test
    void cutsAClientThatDribblesItsHeaders() {
        try (EmbeddedConnection connection = new EmbeddedConnection(held::add)) {
            connection.send("GET / HTTP/1.1\r\n");
            for (int second = 0; second < 10; second++) {
                connection.send("X-" + second + ": slow\r\n");
                connection.pass(Duration.ofSeconds(1));
                assertThat(connection.open()).isTrue();
            }
            connection.pass(Duration.ofSeconds(1));
            assertThat(connection.received()).startsWith("HTTP/1.1 408 ");
            assertThat(connection.open()).isFalse();
        }
    }

    @Test
    void cutsAClientThatDribblesItsBody() {
        try (EmbeddedConnection connection = new EmbeddedConnection(held::add)) {
            connection.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n");
            for (int second = 0; second < 30; second++) {
                connection.send("x");
                connection.pass(Duration.ofSeconds(1));
                assertThat(connection.open()).isTrue();
            }
            connection.pass(Duration.ofSeconds(1));
            assertThat(connection.received()).startsWith("HTTP/1.1 408 ");
            assertThat(connection.open()).isFalse();
            assertThat(connection.context.budget().taken()).isZero();
        }
    }

    @Test
    void closesAnIdleConnectionAndNoneThatIsServed() {
        try (EmbeddedConnection connection = new EmbeddedConnection(held::add)) {
            connection.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            connection.pass(Duration.ofHours(20));
            assertThat(connection.open()).isTrue();
            held.getFirst().respond(202, new DefaultHttpHeaders(), Unpooled.EMPTY_BUFFER);
            connection.pass(Duration.ofSeconds(75));
            assertThat(connection.open()).isTrue();
            connection.pass(Duration.ofSeconds(1));
            assertThat(connection.open()).isFalse();
        }
    }
}
