package dev.shadowcat.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.gateway.upstream.UpstreamRequest.Reuse;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which connection a request goes out on. */
class PoolTest extends UpstreamHarness {
    @Test
    void answersInGoodOrderShareOneConnection() throws Exception {
        Peer.Connection connection = firstAnswered(OK);
        for (int i = 0; i < 50; i++) {
            RecordingListener listener = new RecordingListener();
            send(post("body " + i, i % 2 == 0 ? Reuse.POOLED : Reuse.RECENT), listener);
            assertThat(connection.request()).endsWith("\r\n\r\nbody " + i);
            connection.write(OK);
            assertThat(listener.awaitOver().told).containsExactly("head 200", "end");
            assertThat(listener.body).isEqualTo("ok");
        }
        assertThat(peer.accepted()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 204 No Content\r\n\r\n",
                "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
                "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"
            })
    void emptyAnswersKeepTheConnection(String answer) throws Exception {
        Peer.Connection connection = firstAnswered(answer);
        RecordingListener listener = new RecordingListener();
        send(post("{}", Reuse.RECENT), listener);
        connection.request();
        connection.write(OK);
        assertThat(listener.awaitOver().told).containsExactly("head 200", "end");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"
            })
    void answersThatSayCloseEndTheConnection(String answer) throws Exception {
        Peer.Connection connection = firstAnswered(answer);
        assertThat(connection.read()).isEqualTo(-1);
        newConnectionServes(Reuse.POOLED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/1.0 200 OK\r\n\r\nwhole", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nwhole"})
    void theEndOfTheConnectionEndsABodyWithoutLength(String answer) throws Exception {
        RecordingListener listener = new RecordingListener();
        send(post("{}", Reuse.POOLED), listener);
        Peer.Connection connection = peer.next();
        connection.request();
        connection.write(answer);
        listener.awaitBody("whole");
        connection.close();
        assertThat(listener.awaitOver().told).containsExactly("head 200", "end");
    }

    @Test
    void recentTakesNoConnectionThatIsIdleForASecond() throws Exception {
        Peer.Connection connection = firstAnswered(OK);
        awaitIdle(1);
        advance(999);
        RecordingListener inTime = new RecordingListener();
        send(post("{}", Reuse.RECENT), inTime);
        connection.request();
        connection.write(OK);
        inTime.awaitOver();
        awaitIdle(1);
        advance(1_000);
        newConnectionServes(Reuse.RECENT);
        // The old one is still good for what may run into a closing connection, until four seconds are over.
        awaitIdle(2);
        advance(2_999);
        RecordingListener pooled = new RecordingListener();
        send(post("{}", Reuse.POOLED), pooled);
        assertThat(peer.accepted()).isEqualTo(2);
    }

    @Test
    void pooledTakesNoConnectionThatIsIdleForFourSeconds() throws Exception {
        firstAnswered(OK);
        awaitIdle(1);
        advance(4_000);
        newConnectionServes(Reuse.POOLED);
    }

    @Test
    void idleConnectionsAreClosedInTime() throws Exception {
        client.close();
        client = new NettyUpstreamClient(
                UpstreamClientSettings.of(settings().base()),
                transport(),
                CallMeter.NONE,
                System::nanoTime,
                HostResolver.Lookup.SYSTEM);
        Peer.Connection connection = firstAnswered(OK);
        assertThat(connection.read()).isEqualTo(-1);
    }

    @Test
    void anIdleConnectionThatIsClosedOrSpeaksIsDropped() throws Exception {
        Peer.Connection connection = firstAnswered(OK);
        connection.close();
        awaitIdle(0);
        Peer.Connection second = newConnectionServes(Reuse.POOLED);
        awaitIdle(1);
        second.write("HTT"); // not a message yet, and yet too much
        assertThat(second.read()).isEqualTo(-1);
        newConnectionServes(Reuse.POOLED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison", "HTTP/1.1 200 OK\r\n"})
    void aSecondAnswerInOneReadNeverBecomesTheNextRequests(String second) throws Exception {
        RecordingListener next = new RecordingListener();
        RecordingListener first = new RecordingListener() {
            @Override
            public void end() {
                client.send(loop, post("next", Reuse.POOLED), next);
                super.end();
            }
        };
        send(post("{}", Reuse.POOLED), first);
        Peer.Connection connection = peer.next();
        connection.request();
        connection.write(OK + second);
        first.awaitOver();
        Peer.Connection another = peer.next();
        assertThat(another.request()).endsWith("next");
        another.write(OK);
        next.awaitOver();
        assertThat(next.body).isEqualTo("ok");
        assertThat(connection.read()).isEqualTo(-1);
    }

    @ParameterizedTest
    @EnumSource(Reuse.class)
    void aPooledConnectionThatClosesUnderARequestIsToldAsItIs(Reuse reuse) throws Exception {
        int unanswered = 0;
        for (int i = 0; i < 40; i++) {
            Peer.Connection connection = firstAnswered(OK);
            awaitIdle(1);
            RecordingListener raced = new RecordingListener();
            // The loop is held while the peer closes: the request goes out on a connection whose FIN is not read yet.
            onLoop(() -> {
                try {
                    connection.close();
                } catch (java.io.IOException impossible) {
                    throw new AssertionError(impossible);
                }
                client.send(loop, post("{}", reuse), raced);
            });
            raced.awaitOver();
            assertThat(raced.told)
                    .containsAnyOf("failed UNANSWERED", "failed NEVER_SENT")
                    .hasSize(1);
            unanswered += raced.told.contains("failed UNANSWERED") ? 1 : 0;
            await().until(() -> onLoop(() -> client.openConnections(loop)) == 0);
        }
        // The kernel takes the bytes of a half-closed connection: such a request was sent.
        assertThat(unanswered).isPositive();
    }

    @Test
    void aRequestOnAConnectionThatWasResetTakesNoByte() throws Exception {
        Peer.Connection connection = firstAnswered(OK);
        awaitIdle(1);
        RecordingListener raced = new RecordingListener();
        onLoop(() -> {
            try {
                connection.reset(); // loopback delivers the RST within the call
            } catch (java.io.IOException impossible) {
                throw new AssertionError(impossible);
            }
            client.send(loop, post("{}", Reuse.POOLED), raced);
        });
        assertThat(raced.awaitOver().told).containsExactly("failed NEVER_SENT");
    }

    @Test
    void whatAClosedClientIsAskedForIsNeverSent() throws Exception {
        Peer.Connection connection = firstAnswered(OK);
        client.close();
        assertThat(connection.read()).isEqualTo(-1);
        RecordingListener listener = new RecordingListener();
        send(post("{}", Reuse.POOLED), listener);
        assertThat(listener.awaitOver().told).containsExactly("failed NEVER_SENT");
    }

    @Test
    void theHeadIsWhatWasAskedForAndNoMore() throws Exception {
        RecordingListener listener = new RecordingListener();
        var headers = DefaultHttpHeadersFactory.headersFactory()
                .withValidation(false)
                .newHeaders()
                .add("Host", "elsewhere")
                .add("Transfer-Encoding", "chunked")
                .add("Content-Length", "999")
                .add("Connection", "close")
                .add("Mcp-Session-Id", "a\r\nx-smuggled: 1")
                .add("X-Latin", "\u00e9");
        send(
                new UpstreamRequest(
                        io.netty.handler.codec.http.HttpMethod.POST,
                        "/mcp?a=b",
                        headers,
                        text("{}"),
                        Reuse.POOLED,
                        false),
                listener);
        Peer.Connection connection = peer.next();
        assertThat(connection.request())
                .isEqualTo("POST /mcp?a=b HTTP/1.1\r\nHost: 127.0.0.1:" + peer.port()
                        + "\r\nMcp-Session-Id: a  x-smuggled: 1\r\nX-Latin: \u00e9\r\nContent-Length: 2\r\n\r\n{}");
        connection.write(OK);
        listener.awaitOver();
    }

    @Test
    void keepAliveIsOnAndAVanishedHostIsNoticedWithinTwoMinutes() throws Exception {
        firstAnswered(OK);
        awaitIdle(1);
        var config = onLoop(() -> client.idleConfig(loop));
        assertThat(config.getOption(ChannelOption.SO_KEEPALIVE)).isTrue();
        assertThat(config.getOption(ChannelOption.TCP_NODELAY)).isTrue();
        transport()
                .keepAlive(Duration.ofSeconds(60), Duration.ofSeconds(15), 4)
                .forEach((option, value) ->
                        assertThat(config.getOption(option)).as(option.name()).isEqualTo(value));
    }

    private Peer.Connection firstAnswered(String answer) throws Exception {
        RecordingListener listener = new RecordingListener();
        send(post("{}", Reuse.RECENT), listener);
        Peer.Connection connection = peer.next();
        connection.request();
        connection.write(answer);
        assertThat(listener.awaitOver().told).last().isEqualTo("end");
        return connection;
    }

    private Peer.Connection newConnectionServes(Reuse reuse) throws Exception {
        RecordingListener listener = new RecordingListener();
        send(post("{}", reuse), listener);
        Peer.Connection another = peer.next();
        another.request();
        another.write(OK);
        assertThat(listener.awaitOver().told).containsExactly("head 200", "end");
        return another;
    }
}
