package dev.shadowcat.gateway.upstream;

import static org.awaitility.Awaitility.await;

import dev.shadowcat.gateway.net.Transport;
import dev.shadowcat.gateway.upstream.UpstreamRequest.Reuse;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A real client on one real loop, a peer, and a clock that the test moves. */
abstract class UpstreamHarness {
    static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    final AtomicLong nanos = new AtomicLong(1);
    EventLoopGroup loops;
    EventLoop loop;
    Peer peer;
    NettyUpstreamClient client;

    @BeforeEach
    void open() throws IOException {
        loops = transport().newLoops(1, "test-loop");
        loop = loops.next();
        peer = new Peer();
        client = client(settings());
    }

    @AfterEach
    void shutDown() throws Exception {
        client.close();
        peer.close();
        loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
    }

    Transport transport() {
        return Transport.available();
    }

    UpstreamClientSettings settings() {
        return UpstreamClientSettings.of(URI.create("http://127.0.0.1:" + peer.port()));
    }

    NettyUpstreamClient client(UpstreamClientSettings settings) {
        return new NettyUpstreamClient(settings, transport(), CallMeter.NONE, nanos::get, HostResolver.Lookup.SYSTEM);
    }

    void advance(long millis) {
        nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    /** Waits until so many connections are in the pool: an answer's end is told a moment before. */
    void awaitIdle(int count) {
        await().until(() -> onLoop(() -> client.idleConnections(loop)) == count);
    }

    static UpstreamRequest post(String body, Reuse reuse) {
        return new UpstreamRequest(
                HttpMethod.POST, "/mcp", new DefaultHttpHeaders().add("accept", "a/b"), text(body), reuse, false);
    }

    static UpstreamRequest stream() {
        return new UpstreamRequest(
                HttpMethod.GET, "/mcp", new DefaultHttpHeaders(), Unpooled.EMPTY_BUFFER, Reuse.POOLED, true);
    }

    static ByteBuf text(String text) {
        return ByteBufUtil.writeUtf8(UnpooledByteBufAllocator.DEFAULT, text);
    }

    UpstreamCall send(UpstreamRequest request, UpstreamListener listener) {
        return onLoop(() -> client.send(loop, request, listener));
    }

    <T> T onLoop(Callable<T> work) {
        try {
            return loop.submit(work).get(20, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | java.util.concurrent.TimeoutException failed) {
            throw new AssertionError(failed);
        }
    }

    void onLoop(Runnable work) {
        onLoop(() -> {
            work.run();
            return true;
        });
    }

    static byte[] latin(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
