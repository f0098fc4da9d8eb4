package dev.shadowcat.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.gateway.upstream.UpstreamRequest.Reuse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.URI;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said of a request's fate, for each way in which an upstream can fail it. */
class FateTest extends UpstreamHarness {
    private final RecordingListener listener = new RecordingListener();

    @Test
    void nobodyListens() throws Exception {
        // A port that is held and not listened on: one that was just closed may still take a connection, and reset it.
        try (Socket silent = new Socket()) {
            silent.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            client.close();
            client = client(UpstreamClientSettings.of(URI.create("http://127.0.0.1:" + silent.getLocalPort())));
            send(post("{}", Reuse.POOLED), listener);
            listener.awaitOver();
        }
        assertThat(listener.told).containsExactly("failed NEVER_SENT");
        assertThat(listener.failure.reason()).containsIgnoringCase("connection refused");
    }

    @Test
    void unknownHost() throws Exception {
        client.close();
        client = new NettyUpstreamClient(
                UpstreamClientSettings.of(URI.create("http://nowhere.invalid")),
                transport(),
                CallMeter.NONE,
                nanos::get,
                host -> {
                    throw new java.net.UnknownHostException(host);
                });
        send(post("{}", Reuse.POOLED), listener);
        assertThat(listener.awaitOver().told).containsExactly("failed NEVER_SENT");
        assertThat(listener.failure.reason()).contains("unknown host");
    }

    @Test
    void connectingTakesTooLong() throws Exception {
        client.close();
        try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Waiting waiting = new Waiting(full.getLocalSocketAddress())) {
            UpstreamClientSettings usual =
                    UpstreamClientSettings.of(URI.create("http://127.0.0.1:" + full.getLocalPort()));
            client = client(new UpstreamClientSettings(
                    usual.base(),
                    Duration.ofMillis(50),
                    usual.maxHeaderBytes(),
                    usual.maxConnectionsPerLoop(),
                    usual.receiveBufferBytes(),
                    usual.sendBufferBytes(),
                    usual.pooledIdle(),
                    usual.recentIdle(),
                    null));
            send(post("{}", Reuse.POOLED), listener);
            assertThat(listener.awaitOver().told).containsExactly("failed NEVER_SENT");
            assertThat(listener.failure.reason()).contains("no connection within 50 ms");
            assertThat(waiting.sockets).isNotEmpty();
        }
    }

    /** So many connections that a server which accepts none has no room for another. */
    private static final class Waiting implements AutoCloseable {
        private final List<SocketChannel> sockets = new ArrayList<>();

        private Waiting(SocketAddress server) throws IOException {
            for (int i = 0; i < 8; i++) {
                SocketChannel socket = SocketChannel.open();
                sockets.add(socket);
                socket.configureBlocking(false);
                socket.connect(server);
            }
        }

        @Override
        public void close() throws IOException {
            for (SocketChannel socket : sockets) {
                socket.close();
            }
        }
    }

    @Test
    void resetBeforeAnAnswer() throws Exception {
        send(post("{}", Reuse.POOLED), listener);
        Peer.Connection connection = peer.next();
        connection.request();
        connection.reset();
        assertThat(listener.awaitOver().told).containsExactly("failed UNANSWERED");
    }

    @Test
    void closedBeforeAnAnswer() throws Exception {
        send(post("{}", Reuse.POOLED), listener);
        Peer.Connection connection = peer.next();
        connection.request();
        connection.close();
        assertThat(listener.awaitOver().told).containsExactly("failed UNANSWERED");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 20",
                "HTTP/1.1 200 OK\r\n",
                "HTTP/1.1 200 OK\r\nContent-Le",
                "HTTP/1.1 100 Continue\r\n\r\n"
            })
    void closedWithinTheHead(String part) throws Exception {
        answerAndClose(part, false);
        assertThat(listener.awaitOver().told).containsExactly("failed BROKEN_OFF");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n"
            })
    void closedWithinTheBody(String part) throws Exception {
        answerAndClose(part, false);
        assertThat(listener.awaitOver().told).containsExactly("head 200", "failed BROKEN_OFF");
        assertThat(listener.body).isEqualTo("ab");
    }

    @Test
    void resetWithinABodyThatTheConnectionEnds() throws Exception {
        send(post("{}", Reuse.POOLED), listener);
        Peer.Connection connection = peer.next();
        connection.request();
        connection.write("HTTP/1.1 200 OK\r\n\r\nab");
        listener.awaitBody("ab");
        connection.reset();
        assertThat(listener.awaitOver().told).containsExactly("head 200", "failed BROKEN_OFF");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SSH-2.0-OpenSSH_9.2\r\n",
                "\u0000\u0001\u0002 \r\n\r\n",
                "HTTP/1.1 abc OK\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"
            })
    void noHttp(String garbage) throws Exception {
        answerAndClose(garbage, true);
        assertThat(listener.awaitOver().told).containsExactly("failed INVALID");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void headersOverTheLimit(boolean oneLine) throws Exception {
        String filler =
                oneLine ? "x: " + "y".repeat(40_000) + "\r\n" : "x: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n".repeat(1_200);
        answerAndClose("HTTP/1.1 200 OK\r\n" + filler, true);
        assertThat(listener.awaitOver().told).containsExactly("failed INVALID");
    }

    @ParameterizedTest
    @ValueSource(strings = {"zz\r\nab\r\n", "-1\r\n", "2\r\nabXX", "FFFFFFFFFFFFFFFFFFFF\r\n"})
    void chunkGarbage(String chunk) throws Exception {
        answerAndClose("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk, true);
        assertThat(listener.awaitOver().told).containsExactly("head 200", "failed INVALID");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"zz\r\nab\r\n", "\r\n", ";x\r\n", "2\r\nabXX", "2\nab\n", "FFFFFFFFFFFFFFFFFFFF\r\n", "0x2\r\n"})
    void chunkGarbageOnAStream(String chunk) throws Exception {
        send(stream(), listener);
        Peer.Connection connection = peer.next();
        connection.request();
        connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk);
        assertThat(listener.awaitOver().told).containsExactly("head 200", "failed INVALID");
        assertThat(connection.read()).isEqualTo(-1);
    }

    @Test
    void endlessChunkExtension() throws Exception {
        send(stream(), listener);
        Peer.Connection connection = peer.next();
        connection.request();
        connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + "x".repeat(5_000));
        assertThat(listener.awaitOver().told).containsExactly("head 200", "failed INVALID");
    }

    @Test
    void aRequestThatIsNoHttpIsNeverSent() throws Exception {
        UpstreamRequest split = new UpstreamRequest(
                io.netty.handler.codec.http.HttpMethod.GET,
                "/a b\r\nx: y",
                new io.netty.handler.codec.http.DefaultHttpHeaders(),
                text("body"),
                Reuse.POOLED,
                false);
        send(split, listener);
        assertThat(listener.awaitOver().told).containsExactly("failed NEVER_SENT");
        assertThat(split.body().refCnt()).isZero();
        assertThat(peer.accepted()).isZero();
    }

    @Test
    void tooManyConnections() throws Exception {
        client.close();
        UpstreamClientSettings few = settings();
        client = client(new UpstreamClientSettings(
                few.base(),
                few.connectTimeout(),
                few.maxHeaderBytes(),
                1,
                few.receiveBufferBytes(),
                few.sendBufferBytes(),
                few.pooledIdle(),
                few.recentIdle(),
                null));
        RecordingListener first = new RecordingListener();
        send(post("{}", Reuse.POOLED), first);
        send(post("{}", Reuse.POOLED), listener);
        assertThat(listener.awaitOver().told).containsExactly("failed NEVER_SENT");
        assertThat(listener.failure.reason()).contains("too many connections");
        Peer.Connection connection = peer.next();
        connection.request();
        connection.write(OK);
        first.awaitOver();
        // The one idle connection is too old for this request and makes room for a new one.
        awaitIdle(1);
        advance(1_500);
        RecordingListener third = new RecordingListener();
        send(post("{}", Reuse.RECENT), third);
        Peer.Connection another = peer.next();
        another.request();
        another.write(OK);
        assertThat(third.awaitOver().told).containsExactly("head 200", "end");
        assertThat(connection.read()).isEqualTo(-1);
    }

    @Test
    void anAnswerThatComesBeforeTheRequestIsReadIsHeard() throws Exception {
        send(post("x".repeat(8 << 20), Reuse.POOLED), listener);
        Peer.Connection connection = peer.next();
        connection.write("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
        assertThat(listener.awaitOver().told).containsExactly("head 413", "end");
        // The rest of the request is not awaited, nor the connection used again.
        RecordingListener second = new RecordingListener();
        send(post("{}", Reuse.POOLED), second);
        Peer.Connection another = peer.next();
        another.request();
        another.write(OK);
        second.awaitOver();
    }

    @Test
    void aPartOfTheRequestCountsAsSent() throws Exception {
        send(post("x".repeat(16 << 20), Reuse.POOLED), listener);
        Peer.Connection connection = peer.next();
        assertThat(connection.read()).isEqualTo('P');
        connection.reset();
        assertThat(listener.awaitOver().told).containsExactly("failed UNANSWERED");
    }

    private void answerAndClose(String answer, boolean stays) throws IOException, InterruptedException {
        send(post("{}", Reuse.POOLED), listener);
        Peer.Connection connection = peer.next();
        connection.request();
        connection.write(answer);
        if (!stays) {
            connection.close();
        }
    }
}
