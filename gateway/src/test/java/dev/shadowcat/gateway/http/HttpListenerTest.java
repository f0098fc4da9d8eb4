package dev.shadowcat.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(Transport.class)
@SuppressWarnings("NullAway.Init") // by the parameter and by open()
class HttpListenerTest {
    private static final String GET = "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n";
    private static final ListenerSettings DEFAULTS =
            ListenerSettings.at(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));

    @Parameter
    Transport transport;

    private final AtomicLong nanos = new AtomicLong();
    private final BlockingQueue<Exchange> arrived = new LinkedBlockingQueue<>();
    private EventLoopGroup group;
    private HttpListener listener;

    @AfterEach
    void close() {
        listener.close(Duration.ZERO);
        assertThat(listener.connections()).isZero();
        assertThat(listener.requestBytesInFlight()).isZero();
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @Test
    void servesManyRequestsOnOneConnection() throws Exception {
        open(DEFAULTS, HttpListenerTest::echo);
        try (RawClient client = client()) {
            for (int i = 0; i < 200; i++) {
                client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n" + (100 + i));
                assertThat(client.readTo("\r\n\r\n")).contains("content-length: 3\r\n");
                assertThat(client.read(3)).isEqualTo(String.valueOf(100 + i));
            }
            assertThat(listener.connections()).isEqualTo(1);
        }
        await().until(() -> listener.connections() == 0);
    }

    @Test
    void answersPipelinedRequestsInOrderFromOtherThreads() throws Exception {
        AtomicInteger open = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        open(DEFAULTS, exchange -> {
            most.accumulateAndGet(open.incrementAndGet(), Math::max);
            Thread.startVirtualThread(() -> {
                open.decrementAndGet();
                exchange.respond(200, new DefaultHttpHeaders(), text(exchange.path()));
            });
        });
        StringBuilder requests = new StringBuilder();
        for (int i = 1000; i < 3000; i++) {
            requests.append("GET /").append(i).append(" HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        try (RawClient client = client()) {
            Thread sender = Thread.startVirtualThread(() -> send(client, requests.toString()));
            for (int i = 1000; i < 3000; i++) {
                client.readTo("\r\n\r\n");
                assertThat(client.read(5)).isEqualTo("/" + i);
            }
            sender.join();
        }
        assertThat(most).hasValue(1);
    }

    @ParameterizedTest
    @CsvSource({
        "plain, fin", "plain, reset", "plain, half",
        "short, fin", "short, reset", "short, half",
        "long, fin", "long, reset", "long, half"
    })
    void noticesThatTheClientHasGone(String answer, String way) throws Exception {
        open(DEFAULTS, arrived::add);
        AtomicInteger told = new AtomicInteger();
        try (RawClient client = client()) {
            client.send(GET);
            Exchange exchange = arrived.take();
            exchange.listener(told::incrementAndGet);
            StreamedResponse stream = null;
            if (!answer.equals("plain")) {
                stream = exchange.startStream(200, new DefaultHttpHeaders(), answer.equals("long"));
                client.readTo("\r\n\r\n");
            }
            switch (way) {
                case "fin" -> client.leave();
                case "half" -> client.shutdownOutput();
                default -> client.reset();
            }
            await().until(() -> told.get() == 1 && listener.connections() == 0);
            ByteBuf late = text("late");
            if (stream == null) {
                exchange.respond(200, new DefaultHttpHeaders(), late);
            } else {
                assertThat(stream.writable()).isFalse();
                stream.write(late);
                stream.finish();
            }
            await().until(() -> late.refCnt() == 0);
            CompletableFuture<Void> lateListener = new CompletableFuture<>();
            exchange.listener(() -> lateListener.complete(null));
            lateListener.get(); // whoever takes the exchange over hears of it, too
            assertThat(told).hasValue(1);
        }
    }

    @Test
    void tellsAListenerThatComesLate() throws Exception {
        open(DEFAULTS, arrived::add);
        Exchange exchange;
        try (RawClient client = client()) {
            client.send(GET);
            exchange = arrived.take();
        }
        await().until(() -> listener.connections() == 0);
        CompletableFuture<Boolean> onLoop = new CompletableFuture<>();
        exchange.listener(() -> onLoop.complete(exchange.loop().inEventLoop()));
        assertThat(onLoop.get(20, TimeUnit.SECONDS)).isTrue();
        exchange.respond(200, new DefaultHttpHeaders(), Unpooled.EMPTY_BUFFER);
    }

    @ParameterizedTest
    @CsvSource({"true", "false"})
    void boundsWhatASlowReaderHoldsAndGoesOnWhenItReads(boolean longLived) throws Exception {
        open(DEFAULTS, arrived::add);
        byte[] all = new byte[8 << 20];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) (i >> 10);
        }
        try (RawClient client = client()) {
            client.send(GET);
            Exchange exchange = arrived.take();
            Filler filler = new Filler(exchange, all, longLived);
            exchange.loop().submit(filler::fill).syncUninterruptibly();
            // What the socket buffers take, the water mark, and one more piece; far from all of it.
            assertThat(filler.written.get()).isBetween(64 << 10, 2 << 20);
            client.readTo("\r\n\r\n");
            assertThat(client.readChunks()).isEqualTo(all);
            assertThat(filler.resumed.get()).isPositive();
        }
    }

    @Test
    void keepsTheOrderOfAnotherThreadsWrites() throws Exception {
        open(DEFAULTS, arrived::add);
        try (RawClient client = client()) {
            client.send(GET);
            StreamedResponse stream = arrived.take().startStream(200, new DefaultHttpHeaders(), false);
            StringBuilder expected = new StringBuilder();
            for (int i = 0; i < 1_000; i++) {
                String piece = i + ";".repeat(i % 50 + 1);
                expected.append(piece);
                stream.write(text(piece));
                if (i % 7 == 0) {
                    stream.flush();
                }
            }
            stream.finish();
            client.readTo("\r\n\r\n");
            assertThat(new String(client.readChunks(), StandardCharsets.US_ASCII))
                    .isEqualTo(expected.toString());
            client.send(GET);
            arrived.take().respond(204, new DefaultHttpHeaders(), Unpooled.EMPTY_BUFFER);
            assertThat(client.readTo("\r\n\r\n")).startsWith("HTTP/1.1 204");
        }
    }

    @Test
    void letsAClientReadItsRefusalWhileItStillSends() throws Exception {
        open(DEFAULTS, arrived::add);
        try (RawClient client = client()) {
            client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
            String chunk = "10000\r\n" + "x".repeat(0x10000) + "\r\n";
            for (int i = 0; i < 100; i++) {
                client.send(chunk);
            }
            assertThat(client.readToEnd())
                    .startsWith("HTTP/1.1 413 ")
                    .endsWith("}}")
                    .doesNotContain("<reset>");
        }
    }

    @Test
    void cutsAClientThatTakesNothing() throws Exception {
        ListenerSettings.Timeouts timeouts = new ListenerSettings.Timeouts(
                Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofHours(20), Duration.ofSeconds(60));
        open(
                DEFAULTS.with(timeouts),
                exchange ->
                        exchange.respond(200, new DefaultHttpHeaders(), Unpooled.wrappedBuffer(new byte[16 << 20])));
        try (RawClient client = client()) {
            client.send(GET);
            client.readTo("\r\n\r\n");
            await().until(() -> {
                pass(Duration.ofSeconds(61));
                return listener.connections() == 0;
            });
            assertThat(client.readToEnd().length()).isLessThan(16 << 20);
        }
    }

    @Test
    void breaksAnHttp10StreamOffByAReset() throws Exception {
        open(DEFAULTS, arrived::add);
        try (RawClient client = client()) {
            client.send("GET / HTTP/1.0\r\n\r\n");
            StreamedResponse stream = arrived.take().startStream(200, new DefaultHttpHeaders(), true);
            client.readTo("\r\n\r\n");
            stream.abort();
            assertThat(client.readToEnd()).isEqualTo("<reset>");
        }
    }

    @Test
    void turnsConnectionsAwayAboveTheCap() throws Exception {
        open(DEFAULTS.with(new ListenerSettings.Limits(1_000, 1_000, 1)), HttpListenerTest::echo);
        try (RawClient first = client()) {
            first.send(GET);
            first.readTo("\r\n\r\n");
            try (RawClient second = client()) {
                assertThat(second.readToEnd()).startsWith("HTTP/1.1 503 ").contains("retry-after: 1\r\n");
            }
            await().until(() -> listener.connections() == 1);
            first.send(GET);
            assertThat(first.readTo("\r\n\r\n")).startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void stopsAcceptingButAnswersWhatItHas() throws Exception {
        open(DEFAULTS, arrived::add);
        try (RawClient quiet = client();
                RawClient fresh = client();
                RawClient idle = client();
                RawClient active = client()) {
            idle.send(GET);
            arrived.take().respond(200, new DefaultHttpHeaders(), Unpooled.EMPTY_BUFFER);
            idle.readTo("\r\n\r\n");
            active.send(GET);
            Exchange exchange = arrived.take();
            listener.stopAccepting();
            for (RawClient late : List.of(fresh, idle)) {
                late.send(GET);
                arrived.take().respond(200, new DefaultHttpHeaders(), Unpooled.EMPTY_BUFFER);
                assertThat(late.readToEnd()).contains("\r\nconnection: close\r\n");
            }
            // NIO lets go of a closed socket at its next select.
            await().untilAsserted(() -> assertThatThrownBy(this::client).isInstanceOf(IOException.class));
            exchange.respond(200, new DefaultHttpHeaders(), text("last"));
            assertThat(active.readToEnd()).contains("\r\nconnection: close\r\n").endsWith("\r\n\r\nlast");
            assertThat(listener.close(Duration.ofSeconds(20))).isZero();
            assertThat(quiet.readToEnd()).isEmpty();
        }
    }

    @Test
    void answersAllWhoWaitWhenItStops() throws Exception {
        open(DEFAULTS, HttpListenerTest::echo);
        CountDownLatch standing = new CountDownLatch(1);
        group.forEach(loop -> loop.execute(() -> awaitUninterruptibly(standing)));
        List<RawClient> waiting = new ArrayList<>();
        try {
            for (int i = 0; i < 40; i++) {
                RawClient client = client();
                waiting.add(client);
                client.send(GET);
            }
            Thread stopping = Thread.ofPlatform().start(listener::stopAccepting);
            await().until(() -> stopping.getState() != Thread.State.RUNNABLE);
            standing.countDown();
            for (RawClient client : waiting) {
                assertThat(client.readToEnd()).startsWith("HTTP/1.1 200");
            }
            stopping.join();
        } finally {
            standing.countDown();
            for (RawClient client : waiting) {
                client.close();
            }
        }
    }

    /** A balancer keeps many connections, and sends requests on some of them until it sees them end. */
    @Test
    void answersWhatComesWhileItClosesConnectionsThatWait() throws Exception {
        open(DEFAULTS, HttpListenerTest::echo);
        int all = 400;
        int few = 100; // the first one is closed last
        List<RawClient> kept = new ArrayList<>();
        try {
            for (int i = 0; i < all; i++) {
                kept.add(client());
            }
            await().until(() -> listener.connections() == all);
            Thread stopping = Thread.ofPlatform().start(listener::endRequests);
            assertThat(kept.getLast().readToEnd()).isEmpty();
            kept.getFirst().send(GET);
            assumeThat(listener.connections()).isGreaterThan(few);
            assertThat(kept.getFirst().readToEnd()).startsWith("HTTP/1.1 200");
            stopping.join();
        } finally {
            for (RawClient client : kept) {
                client.close();
            }
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void waitsForAnswersToBeginButNotForTheirEnd() throws Exception {
        open(DEFAULTS, arrived::add);
        try (RawClient streaming = client();
                RawClient active = client()) {
            streaming.send(GET);
            arrived.take().startStream(200, new DefaultHttpHeaders(), true);
            active.send(GET);
            Exchange exchange = arrived.take();
            listener.endRequests();
            CompletableFuture<Void> begun =
                    CompletableFuture.runAsync(() -> listener.awaitAnswers(Duration.ofSeconds(20)));
            assertThatThrownBy(() -> begun.get(200, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
            exchange.startStream(200, new DefaultHttpHeaders(), true);
            assertThat(begun).succeedsWithin(Duration.ofSeconds(15));
            listener.awaitAnswers(Duration.ZERO); // there is nothing to wait for
        }
    }

    @Test
    void waitsForNoAnswerOnceItsThreadIsInterrupted() throws Exception {
        open(DEFAULTS, arrived::add);
        try (RawClient client = client()) {
            client.send(GET);
            arrived.take();
            Thread waiting = Thread.ofPlatform().start(() -> listener.awaitAnswers(Duration.ofMinutes(5)));
            waiting.interrupt();
            assertThat(waiting.join(Duration.ofSeconds(15))).isTrue();
        }
    }

    @Test
    void takesConnectionsForOneRequestEachWhereTheyAreToEnd() throws Exception {
        open(DEFAULTS, arrived::add);
        listener.endConnections();
        try (RawClient late = client()) {
            late.send(GET);
            arrived.take().respond(200, new DefaultHttpHeaders(), text("sent on"));
            assertThat(late.readToEnd()).contains("\r\nconnection: close\r\n").endsWith("\r\n\r\nsent on");
        }
    }

    @Test
    void cutsWhatIsLeftAtTheDeadline() throws Exception {
        open(DEFAULTS, arrived::add);
        AtomicInteger told = new AtomicInteger();
        try (RawClient client = client()) {
            client.send(GET);
            Exchange exchange = arrived.take();
            exchange.listener(told::incrementAndGet);
            exchange.startStream(200, new DefaultHttpHeaders(), true);
            client.readTo("\r\n\r\n");
            assertThat(listener.close(Duration.ZERO)).isEqualTo(1);
            assertThat(client.readToEnd()).isEmpty();
            assertThat(told).hasValue(1);
        }
    }

    @Test
    void saysWhichAddressIsTaken() throws Exception {
        open(DEFAULTS, arrived::add);
        ListenerSettings same = ListenerSettings.at(listener.address());
        assertThatThrownBy(() -> HttpListener.open(same, group, transport.channel, arrived::add))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cannot listen on")
                .hasMessageContaining(String.valueOf(listener.port()));
    }

    private void open(ListenerSettings settings, ExchangeHandler handler) throws IOException {
        group = transport.group();
        listener = HttpListener.open(settings, group, transport.channel, handler, nanos::get, InstantSource.system());
    }

    private RawClient client() throws IOException {
        return new RawClient(listener.port());
    }

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
        for (LoopConnections loop : listener.loops()) {
            loop.loop().submit(loop::sweep).syncUninterruptibly();
        }
    }

    private static void echo(Exchange exchange) {
        exchange.respond(200, new DefaultHttpHeaders(), exchange.body().retain());
    }

    private static void send(RawClient client, String text) {
        try {
            client.send(text);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static ByteBuf text(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII);
    }

    /** Writes as much as is taken, and the rest when it is told to. */
    private static final class Filler implements ExchangeListener {
        private static final int PIECE = 5_000;

        private final byte[] all;
        final AtomicInteger written = new AtomicInteger();
        final AtomicInteger resumed = new AtomicInteger();
        private final StreamedResponse stream;

        Filler(Exchange exchange, byte[] all, boolean longLived) {
            this.all = all;
            exchange.listener(this);
            stream = exchange.startStream(200, new DefaultHttpHeaders(), longLived);
        }

        void fill() {
            while (stream.writable() && written.get() < all.length) {
                int from = written.get();
                int to = Math.min(all.length, from + PIECE);
                written.set(to);
                stream.write(Unpooled.wrappedBuffer(Arrays.copyOfRange(all, from, to)));
                stream.flush();
            }
            if (written.get() == all.length) {
                stream.finish();
            }
        }

        @Override
        public void writableAgain() {
            resumed.incrementAndGet();
            fill();
        }

        @Override
        public void clientGone() {}
    }
}
