package dev.shadowcat.gateway.net;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.FullHttpMessage;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpObjectDecoder;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.HttpVersion;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlainMessageTest {
    private static final String REQUEST = "POST /mcp?x=1 HTTP/1.1\r\nHost: a:1\r\nAccept:text/html\r\nEmpty:\r\n"
            + "Twice: \t one \r\ntwice: two\r\nContent-Length: 2\r\n\r\n{}";
    private static final String RESPONSE =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\ncontent-length:  3\r\nX: y\r\n\r\n[1]";

    private final PlainMessage plain = new PlainMessage(512);

    @Test
    void readsACall() {
        ByteBuf bytes = bytes(REQUEST);
        assertThat(plain.readRequest(bytes)).isTrue();
        assertThat(plain.target()).isEqualTo("/mcp?x=1");
        assertThat(lines(plain.headers()))
                .containsExactly(
                        "Host=a:1", "Accept=text/html", "Empty=", "Twice=one", "twice=two", "Content-Length=2");
        assertThat(plain.body()).asString(ISO_8859_1).isEqualTo("{}");
        assertThat(bytes.readableBytes()).isEqualTo(REQUEST.length());
    }

    @Test
    void readsAnAnswer() {
        assertThat(plain.readResponse(bytes(RESPONSE))).isTrue();
        assertThat(lines(plain.headers())).containsExactly("Content-Type=application/json", "content-length=3", "X=y");
        assertThat(plain.bodyLength()).isEqualTo(3);
    }

    @Test
    void keepsNothingOfTheMessageBefore() {
        plain.readRequest(bytes(REQUEST));
        HttpHeaders first = plain.headers();
        assertThat(plain.readRequest(bytes("POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n")))
                .isTrue();
        assertThat(lines(plain.headers())).containsExactly("Content-Length=0");
        assertThat(first.size()).isEqualTo(6);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
                "POST / HTTP/1.0\r\nContent-Length: 0\r\n\r\n",
                "POST  / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
                "POST /\u00e4 HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
                "POST / HTTP/1.1\nContent-Length: 0\n\n",
                "POST / HTTP/1.1\r\n\r\n",
                "POST / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
                "POST / HTTP/1.1\r\nContent-Length: 0, 0\r\n\r\n",
                "POST / HTTP/1.1\r\nContent-Length: +0\r\n\r\n",
                "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                "POST / HTTP/1.1\r\nContent-Length:\r\n\r\n",
                "POST / HTTP/1.1\r\nContent-Length: 4294967296\r\n\r\n",
                "POST / HTTP/1.1\r\nContent-Length : 0\r\n\r\n",
                "POST / HTTP/1.1\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n",
                "POST / HTTP/1.1\r\nContent-Length: 0\r\nTRANSFER-ENCODING: x\r\n\r\n",
                "POST / HTTP/1.1\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n",
                "POST / HTTP/1.1\r\nA: \u00e4\r\nContent-Length: 0\r\n\r\n",
                "POST / HTTP/1.1\r\nA: \u0000\r\nContent-Length: 0\r\n\r\n",
                "POST / HTTP/1.1\r\n: b\r\nContent-Length: 0\r\n\r\n",
                "POST / HTTP/1.1\r\nA\r\nContent-Length: 0\r\n\r\n",
                "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{",
                "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}P",
                "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r",
                "\r\nPOST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
                "",
            })
    void leavesACallThatIsUnusual(String request) {
        assertThat(plain.readRequest(bytes(request))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[1",
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[1]H",
            })
    void leavesAnAnswerThatIsUnusual(String response) {
        assertThat(plain.readResponse(bytes(response))).isFalse();
    }

    @Test
    void leavesWhatIsLargerThanItsBound() {
        String body = "x".repeat(500);
        assertThat(plain.readRequest(bytes("POST / HTTP/1.1\r\nContent-Length: 500\r\n\r\n" + body)))
                .isFalse();
    }

    /** Two readers that took the same bytes for different messages would be a way to smuggle one past the other. */
    @Test
    void readsNoByteInAnotherWayThanTheDecoder() {
        int read = 0;
        for (String message : List.of(REQUEST, RESPONSE)) {
            for (int at = 0; at < message.length(); at++) {
                for (int value = 0; value < 256; value++) {
                    String changed = message.substring(0, at) + (char) value + message.substring(at + 1);
                    read += readsLikeTheDecoder(changed) ? 1 : 0;
                    read += readsLikeTheDecoder(message.substring(0, at) + (char) value + message.substring(at))
                            ? 1
                            : 0;
                }
            }
        }
        assertThat(read).isGreaterThan(10_000);
    }

    private boolean readsLikeTheDecoder(String message) {
        boolean request = message.startsWith("POST");
        if (!(request ? plain.readRequest(bytes(message)) : plain.readResponse(bytes(message)))) {
            return false;
        }
        FullHttpMessage decoded = decoded(message, request ? new HttpRequestDecoder() : new HttpResponseDecoder());
        assertThat(decoded).as(message).isNotNull();
        if (decoded == null) {
            return false;
        }
        assertThat(decoded.decoderResult().isSuccess()).as(message).isTrue();
        assertThat(decoded.protocolVersion()).isEqualTo(HttpVersion.HTTP_1_1);
        assertThat(lines(plain.headers())).as(message).isEqualTo(lines(decoded.headers()));
        assertThat(plain.body())
                .asString(ISO_8859_1)
                .isEqualTo(decoded.content().toString(ISO_8859_1));
        switch (decoded) {
            case FullHttpRequest asked -> {
                assertThat(asked.method()).isEqualTo(HttpMethod.POST);
                assertThat(plain.target()).as(message).isEqualTo(asked.uri());
            }
            case FullHttpResponse answer -> assertThat(answer.status().code()).isEqualTo(200);
            default -> throw new AssertionError(decoded);
        }
        decoded.release();
        return true;
    }

    /** The one message that the decoder makes of it; null where it makes none, or leaves some of it. */
    private static @Nullable FullHttpMessage decoded(String message, HttpObjectDecoder decoder) {
        EmbeddedChannel channel = new EmbeddedChannel(decoder, new HttpObjectAggregator(1024));
        channel.writeInbound(bytes(message));
        FullHttpMessage first = channel.readInbound();
        boolean more = channel.finish();
        return more ? null : first;
    }

    private static List<String> lines(HttpHeaders headers) {
        List<String> lines = new ArrayList<>();
        headers.forEach(each -> lines.add(each.getKey() + '=' + each.getValue()));
        return lines;
    }

    private static ByteBuf bytes(String text) {
        return Unpooled.copiedBuffer(text, ISO_8859_1);
    }
}
