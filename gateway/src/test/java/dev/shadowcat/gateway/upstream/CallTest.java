package dev.shadowcat.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.gateway.net.Transport;
import dev.shadowcat.gateway.upstream.UpstreamRequest.Reuse;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.InetAddress;
import java.net.URI;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a caller can do with a call under way, and streams. */
class CallTest extends UpstreamHarness {
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void readingStopsAndThePeerIsHeldUp(boolean longLived) throws Exception {
        int total = 100 << 20;
        RecordingListener listener = new RecordingListener();
        UpstreamCall call = send(longLived ? stream() : post("{}", Reuse.POOLED), listener);
        Peer.Connection connection = peer.next();
        connection.request();
        AtomicLong pushed = new AtomicLong();
        connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        listener.awaitHead();
        onLoop(() -> call.reading(false));
        long before = listener.bytes.get();
        byte[] chunk = latin("10000\r\n" + "x".repeat(0x10000) + "\r\n");
        Thread pushing = Thread.ofVirtual().start(() -> {
            try {
                for (int i = 0; i < total / 0x10000; i++) {
                    connection.write(chunk);
                    pushed.addAndGet(0x10000);
                }
                connection.write("0\r\n\r\n");
            } catch (java.io.IOException cut) {
                pushed.set(-1);
            }
        });
        // The peer gets stuck once both socket buffers are full.
        await().during(java.time.Duration.ofMillis(300)).until(pushed::get, new Unchanged()::test);
        assertThat(pushed.get()).isLessThan(total / 4);
        assertThat(listener.bytes.get() - before).isLessThanOrEqualTo(2L * Transport.RECEIVE_BUFFER_BYTES);
        onLoop(() -> call.reading(true));
        listener.awaitOver();
        assertThat(pushing.join(java.time.Duration.ofSeconds(10))).isTrue();
        assertThat(listener.bytes.get()).isEqualTo(total);
        assertThat(listener.told).containsExactly("head 200", "end");
    }

    @Test
    void aPausedCallThatEndsLeavesAConnectionThatReads() throws Exception {
        RecordingListener first = new RecordingListener();
        RecordingListener pausing = new RecordingListener() {
            @Override
            public void data(ByteBuf data) {
                super.data(data);
                paused.reading(false);
            }
        };
        pausing.paused = send(post("{}", Reuse.POOLED), pausing);
        Peer.Connection connection = peer.next();
        connection.request();
        connection.write(OK);
        pausing.awaitOver();
        send(post("{}", Reuse.POOLED), first);
        connection.request();
        connection.write(OK);
        assertThat(first.awaitOver().told).containsExactly("head 200", "end");
    }

    @Test
    void closedAtOnceNothingIsHeard() throws Exception {
        for (int i = 0; i < 20; i++) {
            RecordingListener listener = new RecordingListener();
            UpstreamRequest request = post("{}", Reuse.POOLED);
            onLoop(() -> {
                UpstreamCall call = client.send(loop, request, listener);
                call.close();
                call.close();
                call.reading(false);
            });
            awaitNothingOpen();
            assertThat(listener.told).isEmpty();
            assertThat(request.body().refCnt()).isZero();
        }
    }

    @Test
    void closedWhileTheHostIsLookedUpNothingIsSent() throws Exception {
        CountDownLatch looking = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        client.close();
        client = new NettyUpstreamClient(
                UpstreamClientSettings.of(URI.create("http://upstream.test:" + peer.port())),
                transport(),
                CallMeter.NONE,
                nanos::get,
                host -> {
                    looking.countDown();
                    awaitQuietly(go);
                    return new InetAddress[] {InetAddress.getLoopbackAddress()};
                });
        RecordingListener closed = new RecordingListener();
        RecordingListener kept = new RecordingListener();
        UpstreamCall call = send(post("closed", Reuse.POOLED), closed);
        send(post("kept", Reuse.POOLED), kept);
        assertThat(looking.await(20, TimeUnit.SECONDS)).isTrue();
        onLoop(() -> call.close());
        go.countDown();
        Peer.Connection connection = peer.next();
        assertThat(connection.request()).endsWith("kept").contains("Host: upstream.test:" + peer.port());
        connection.write(OK);
        kept.awaitOver();
        assertThat(peer.accepted()).isEqualTo(1);
        assertThat(closed.told).isEmpty();
    }

    @Test
    void theNextAddressIsTriedWhereOneRefuses() throws Exception {
        client.close();
        client = new NettyUpstreamClient(
                UpstreamClientSettings.of(URI.create("http://upstream.test:" + peer.port())),
                transport(),
                CallMeter.NONE,
                nanos::get,
                host -> new InetAddress[] {InetAddress.ofLiteral("127.0.0.2"), InetAddress.ofLiteral("127.0.0.1")});
        RecordingListener listener = new RecordingListener();
        send(post("{}", Reuse.POOLED), listener);
        Peer.Connection connection = peer.next();
        connection.request();
        connection.write(OK);
        assertThat(listener.awaitOver().told).containsExactly("head 200", "end");
    }

    @ParameterizedTest
    @ValueSource(strings = {"sent", "head", "data", "in head", "in data"})
    void closedInEachPhaseNothingMoreIsHeard(String phase) throws Exception {
        for (boolean longLived : new boolean[] {true, false}) {
            AtomicBoolean closed = new AtomicBoolean();
            AtomicBoolean heardMore = new AtomicBoolean();
            RecordingListener listener = new RecordingListener() {
                @Override
                public void head(int status, HttpHeaders headers) {
                    heardMore.compareAndSet(false, closed.get());
                    super.head(status, headers);
                    closeIn("in head");
                }

                @Override
                public void data(ByteBuf data) {
                    heardMore.compareAndSet(false, closed.get());
                    super.data(data);
                    closeIn("in data");
                }

                private void closeIn(String here) {
                    if (phase.equals(here)) {
                        paused.close();
                        closed.set(true);
                    }
                }
            };
            listener.paused = send(longLived ? stream() : post("{}", Reuse.POOLED), listener);
            Peer.Connection connection = peer.next();
            connection.request();
            if (phase.equals("sent")) {
                close(listener, closed);
            }
            write(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            if (phase.equals("head")) {
                listener.awaitHead();
                close(listener, closed);
            }
            write(connection, "1\r\na\r\n1\r\nb\r\n1\r\nc\r\n");
            if (phase.equals("data")) {
                listener.awaitBody("abc");
                close(listener, closed);
            }
            write(connection, "1\r\nd\r\n0\r\n\r\n");
            awaitNothingOpen();
            assertThat(heardMore).isFalse();
            assertThat(listener.told).doesNotContain("end").noneMatch(told -> told.startsWith("failed"));
        }
    }

    @Test
    void closingACallThatIsOverLeavesTheConnectionAlone() throws Exception {
        RecordingListener first = new RecordingListener();
        UpstreamCall over = send(post("{}", Reuse.POOLED), first);
        Peer.Connection connection = peer.next();
        connection.request();
        connection.write(OK);
        first.awaitOver();
        RecordingListener second = new RecordingListener();
        send(post("{}", Reuse.POOLED), second);
        connection.request();
        onLoop(() -> {
            over.close();
            over.reading(false);
        });
        connection.write(OK);
        assertThat(second.awaitOver().told).containsExactly("head 200", "end");
    }

    @Test
    void aListenerThatThrowsIsToldThatItsAnswerBrokeOff() throws Exception {
        RecordingListener listener = new RecordingListener() {
            @Override
            public void data(ByteBuf data) {
                throw new IllegalStateException("a defect");
            }
        };
        send(stream(), listener);
        Peer.Connection connection = peer.next();
        connection.request();
        connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
        assertThat(listener.awaitOver().told).containsExactly("head 200", "failed BROKEN_OFF");
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n"})
    void aStreamThatTheConnectionEnds(String head) throws Exception {
        RecordingListener listener = new RecordingListener();
        send(stream(), listener);
        Peer.Connection connection = peer.next();
        connection.request();
        connection.write(head + "data: 1\n\n");
        listener.awaitBody("data: 1\n\n");
        connection.write("data: 2\n\n");
        listener.awaitBody("data: 1\n\ndata: 2\n\n");
        connection.close();
        assertThat(listener.awaitOver().told).containsExactly("head 200", "end");
    }

    @Test
    void aStreamThatIsResetBreaksOff() throws Exception {
        RecordingListener listener = new RecordingListener();
        send(stream(), listener);
        Peer.Connection connection = peer.next();
        connection.request();
        connection.write("HTTP/1.1 200 OK\r\n\r\ndata");
        listener.awaitBody("data");
        connection.reset();
        assertThat(listener.awaitOver().told).containsExactly("head 200", "failed BROKEN_OFF");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
            })
    void whatTurnsOutNoStreamGoesBackToThePool(String answer) throws Exception {
        RecordingListener listener = new RecordingListener();
        send(stream(), listener);
        Peer.Connection connection = peer.next();
        connection.request();
        connection.write(answer);
        listener.awaitOver();
        RecordingListener second = new RecordingListener();
        send(post("{}", Reuse.RECENT), second);
        connection.request();
        connection.write(OK);
        assertThat(second.awaitOver().told).containsExactly("head 200", "end");
    }

    @Test
    void aStreamArrivesWholeWhereverItsBytesAreSplit() throws Exception {
        String head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        String whole =
                head + "3\r\nabc\r\n0A;name=\"v\"\r\n0123456789\r\n1 \r\n\n\r\n0\r\nTrailer: x\r\nAnother: y\r\n\r\n";
        for (int at = 1; at < whole.length(); at++) {
            RecordingListener listener = new RecordingListener();
            send(stream(), listener);
            Peer.Connection connection = peer.next();
            connection.request();
            connection.write(whole.substring(0, at));
            // A pass of the loop lies between the parts, so that they are read apart.
            onLoop(() -> {});
            connection.write(whole.substring(at));
            assertThat(listener.awaitOver().told).as("split at %d", at).containsExactly("head 200", "end");
            assertThat(listener.body).isEqualTo("abc0123456789\n");
        }
    }

    private void close(RecordingListener listener, AtomicBoolean closed) {
        onLoop(() -> {
            listener.paused.close();
            closed.set(true);
        });
    }

    private static void write(Peer.Connection connection, String text) {
        try {
            connection.write(text);
        } catch (java.io.IOException closedByTheClient) {
            // That is what some phases are about.
        }
    }

    private void awaitNothingOpen() {
        await().until(() -> onLoop(() -> client.openConnections(loop)) == 0);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await(20, TimeUnit.SECONDS);
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }

    /** Holds while a figure stays what it was when it was last asked for. */
    private static final class Unchanged {
        private long last = -1;

        private boolean test(long now) {
            boolean same = now == last;
            last = now;
            return same;
        }
    }
}
