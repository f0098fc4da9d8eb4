package dev.shadowcat.gateway.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;

/** A connection without a socket: each byte in and out, and the time, are the test's. */
final class EmbeddedConnection implements AutoCloseable {
    private final AtomicLong nanos = new AtomicLong(-5);
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final LoopConnections loop;
    final ListenerContext context;

    EmbeddedConnection(ListenerSettings settings, ExchangeHandler handler) {
        context = new ListenerContext(settings, handler);
        loop = new LoopConnections(
                channel.eventLoop(), nanos::get, InstantSource.fixed(Instant.parse("2026-01-02T03:04:05Z")));
        context.connectionOpened();
        Connection connection = new Connection(context, loop);
        RequestDecoder decoder = new RequestDecoder(connection);
        connection.decoder(decoder);
        channel.pipeline().addLast(decoder, connection);
    }

    EmbeddedConnection(ExchangeHandler handler) {
        this(ListenerSettings.at(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)), handler);
    }

    EmbeddedConnection send(String bytes) {
        return send(bytes.getBytes(StandardCharsets.ISO_8859_1));
    }

    EmbeddedConnection send(byte[] bytes) {
        channel.writeInbound(Unpooled.copiedBuffer(bytes));
        channel.runPendingTasks();
        return this;
    }

    /** What went out since the last call. */
    String received() {
        channel.runPendingTasks();
        StringBuilder text = new StringBuilder();
        for (ByteBuf bytes = channel.readOutbound(); bytes != null; bytes = channel.readOutbound()) {
            text.append(bytes.toString(StandardCharsets.ISO_8859_1));
            bytes.release();
        }
        return text.toString();
    }

    void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
        loop.sweep();
        channel.runPendingTasks();
    }

    boolean open() {
        return channel.isOpen();
    }

    boolean hasCodec() {
        return channel.pipeline().get(RequestDecoder.class) != null;
    }

    /** Releases what was not asked for; what the connection itself still holds is a leak. */
    @Override
    public void close() {
        received();
        channel.finishAndReleaseAll();
    }
}
