package dev.shadowcat.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AnswerWritingTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    private final List<Exchange> held = new ArrayList<>();

    @Test
    void writesTheWholeAnswer() {
        try (EmbeddedConnection connection = held(GET)) {
            held.getFirst()
                    .respond(
                            200,
                            new DefaultHttpHeaders()
                                    .add("X-One", "1")
                                    .add("Content-Length", "99")
                                    .add("Connection", "x"),
                            text("body"));
            assertThat(connection.received())
                    .isEqualTo("HTTP/1.1 200 OK\r\nX-One: 1\r\ndate: Fri, 02 Jan 2026 03:04:05 GMT\r\n"
                            + "content-length: 4\r\n\r\nbody");
            assertThat(connection.open()).isTrue();
        }
    }

    @Test
    void keepsAnotherServersDate() {
        try (EmbeddedConnection connection = held(GET)) {
            held.getFirst().respond(204, new DefaultHttpHeaders().add("Date", "then"), Unpooled.EMPTY_BUFFER);
            assertThat(connection.received()).isEqualTo("HTTP/1.1 204 No Content\r\nDate: then\r\n\r\n");
        }
    }

    @Test
    void sendsNoBodyToHead() {
        try (EmbeddedConnection connection = held("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")) {
            held.getFirst().respond(200, EmptyHttpHeaders.INSTANCE, text("body"));
            assertThat(connection.received()).endsWith("content-length: 4\r\n\r\n");
        }
    }

    @Test
    void letsNoHeaderEndItsLineEarly() {
        HttpHeaders unchecked =
                DefaultHttpHeadersFactory.headersFactory().withValidation(false).newHeaders();
        try (EmbeddedConnection connection = held(GET)) {
            held.getFirst().respond(200, unchecked.add("x", "a\r\nset-cookie: b"), Unpooled.EMPTY_BUFFER);
            assertThat(connection.received()).contains("\r\nx: a  set-cookie: b\r\n");
        }
    }

    @Test
    void sendsALargeBodyBehindItsHead() {
        String large = "0123456789".repeat(5_000);
        try (EmbeddedConnection connection = held(GET)) {
            held.getFirst().respond(200, new DefaultHttpHeaders(), text(large));
            assertThat(connection.received()).endsWith("content-length: 50000\r\n\r\n" + large);
        }
    }

    @Test
    void takesTheFirstAnswerOnly() {
        try (EmbeddedConnection connection = held(GET)) {
            ByteBuf late = text("late");
            ByteBuf later = text("later");
            held.getFirst().respond(200, new DefaultHttpHeaders(), text("first"));
            held.getFirst().respond(200, new DefaultHttpHeaders(), late);
            StreamedResponse nowhere = held.getFirst().startStream(200, new DefaultHttpHeaders(), true);
            nowhere.write(later);
            nowhere.finish();
            assertThat(connection.received()).endsWith("first");
            assertThat(late.refCnt()).isZero();
            assertThat(later.refCnt()).isZero();
            assertThat(connection.hasCodec()).isTrue();
        }
    }

    @Test
    void writesNothingOfAFinishedStreamIntoTheNextAnswer() {
        try (EmbeddedConnection connection = held(GET)) {
            StreamedResponse first = held.getFirst().startStream(200, new DefaultHttpHeaders(), false);
            first.finish();
            connection.send(GET);
            connection.received();
            first.write(text("stray"));
            first.flush();
            first.abort();
            held.get(1).respond(200, new DefaultHttpHeaders(), text("second"));
            assertThat(connection.received()).startsWith("HTTP/1.1 200 OK").endsWith("\r\n\r\nsecond");
        }
    }

    @Test
    void answersAFailingHandlersRequest() {
        try (EmbeddedConnection connection = new EmbeddedConnection(exchange -> {
            throw new IllegalStateException("on purpose");
        })) {
            connection.send(GET);
            assertThat(connection.received()).startsWith("HTTP/1.1 500 ").contains("\"code\":-32603");
        }
    }

    @Test
    void refusesAStatusThatIsNoneAndStillAnswers() {
        try (EmbeddedConnection connection = new EmbeddedConnection(
                exchange -> exchange.respond(101, new DefaultHttpHeaders(), Unpooled.EMPTY_BUFFER))) {
            connection.send(GET);
            assertThat(connection.received()).startsWith("HTTP/1.1 500 ");
        }
    }

    @Test
    void sendsTheHeadOfAStreamAtOnce() {
        try (EmbeddedConnection connection = held(GET)) {
            held.getFirst().startStream(200, new DefaultHttpHeaders().add("a", "b"), false);
            assertThat(connection.received())
                    .startsWith("HTTP/1.1 200 OK\r\na: b\r\ndate: ")
                    .endsWith(" GMT\r\ntransfer-encoding: chunked\r\n\r\n");
        }
    }

    @Test
    void servesTheNextRequestAfterAStream() {
        try (EmbeddedConnection connection = held(GET)) {
            StreamedResponse stream = held.getFirst().startStream(200, new DefaultHttpHeaders(), false);
            assertThat(connection.received()).endsWith("chunked\r\n\r\n");
            stream.write(text("event"));
            stream.write(Unpooled.EMPTY_BUFFER);
            stream.write(text("x".repeat(300)));
            assertThat(connection.received()).isEmpty();
            stream.flush();
            assertThat(connection.received()).isEqualTo("5\r\nevent\r\n12c\r\n" + "x".repeat(300) + "\r\n");
            stream.write(text("y".repeat(70_000)));
            stream.finish();
            assertThat(connection.received()).isEqualTo("11170\r\n" + "y".repeat(70_000) + "\r\n0\r\n\r\n");
            connection.send(GET);
            assertThat(held).hasSize(2);
            held.get(1).respond(202, new DefaultHttpHeaders(), Unpooled.EMPTY_BUFFER);
            assertThat(connection.received()).startsWith("HTTP/1.1 202");
        }
    }

    @Test
    void shedsTheCodecOfALongLivedStream() {
        try (EmbeddedConnection connection = held("POST /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")) {
            Exchange exchange = held.getFirst();
            StreamedResponse stream = exchange.startStream(200, new DefaultHttpHeaders(), true);
            assertThat(connection.hasCodec()).isFalse();
            assertThat(exchange.headers()).isEmpty();
            assertThat(exchange.path()).isEmpty();
            assertThat(connection.context.budget().taken()).isZero();
            assertThat(connection.received()).endsWith("transfer-encoding: chunked\r\nconnection: close\r\n\r\n");
            for (int i = 0; i < 3; i++) {
                connection.pass(Duration.ofHours(5));
                stream.write(text(": keepalive\n\n"));
                stream.flush();
                assertThat(connection.received()).isEqualTo("d\r\n: keepalive\n\n\r\n");
            }
            stream.finish();
            assertThat(connection.received()).isEqualTo("0\r\n\r\n");
            assertThat(connection.open()).isFalse();
        }
    }

    @Test
    void closesALongLivedStreamThatIsSpokenInto() {
        int[] gone = {0};
        try (EmbeddedConnection connection = held(GET)) {
            held.getFirst().listener(() -> gone[0]++);
            held.getFirst().startStream(200, new DefaultHttpHeaders(), true);
            connection.send(GET);
            assertThat(connection.open()).isFalse();
            assertThat(gone[0]).isEqualTo(1);
            assertThat(held).hasSize(1);
        }
    }

    @Test
    void delimitsAnHttp10StreamByTheEndOfTheConnection() {
        try (EmbeddedConnection connection = held("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")) {
            StreamedResponse stream = held.getFirst().startStream(200, new DefaultHttpHeaders(), false);
            stream.write(text("event"));
            stream.finish();
            assertThat(connection.received())
                    .doesNotContain("transfer-encoding")
                    .endsWith("connection: close\r\n\r\nevent");
            assertThat(connection.open()).isFalse();
        }
    }

    @Test
    void closesAfterAnHttp10AnswerUnlessAskedNotTo() {
        try (EmbeddedConnection connection = held("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")) {
            held.getFirst().respond(200, new DefaultHttpHeaders(), Unpooled.EMPTY_BUFFER);
            assertThat(connection.received()).contains("\r\nconnection: keep-alive\r\n");
            connection.send("GET / HTTP/1.0\r\n\r\n");
            held.get(1).respond(200, new DefaultHttpHeaders(), Unpooled.EMPTY_BUFFER);
            assertThat(connection.received()).contains("\r\nconnection: close\r\n");
            assertThat(connection.open()).isFalse();
        }
    }

    @Test
    void closesWhenTheClientAsksForIt() {
        try (EmbeddedConnection connection = held("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")) {
            held.getFirst().respond(200, new DefaultHttpHeaders(), text("last"));
            assertThat(connection.received())
                    .contains("\r\nconnection: close\r\n")
                    .endsWith("last");
            assertThat(connection.open()).isFalse();
        }
    }

    @Test
    void breaksAnAbortedStreamOffWithoutALastChunk() {
        try (EmbeddedConnection connection = held(GET)) {
            StreamedResponse stream = held.getFirst().startStream(200, new DefaultHttpHeaders(), false);
            stream.abort();
            assertThat(connection.received()).doesNotContain("0\r\n\r\n");
            assertThat(connection.open()).isFalse();
        }
    }

    private EmbeddedConnection held(String request) {
        EmbeddedConnection connection = new EmbeddedConnection(held::add);
        connection.send(request);
        assertThat(held).hasSize(1);
        return connection;
    }

    private static ByteBuf text(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
    }
}
