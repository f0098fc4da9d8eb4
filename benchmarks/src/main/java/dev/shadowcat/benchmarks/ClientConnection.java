package dev.shadowcat.benchmarks;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One connection of a client: one request at a time. On its event loop. */
final class ClientConnection extends HttpReader {
    /** Is told what becomes of one request. */
    interface Answer {
        void head(HttpHead message);

        /** Bytes of the body; the buffer is the connection's. */
        void body(ByteBuf bytes, int index, int length);

        void end();

        /** The connection closed before the end. */
        void broken();
    }

    private final CompletableFuture<ClientConnection> connected = new CompletableFuture<>();
    private @Nullable ChannelHandlerContext context;
    private @Nullable Answer waiting;

    private ClientConnection() {
        super(false);
    }

    static CompletableFuture<ClientConnection> connect(Transport transport, Target target) {
        return connect(transport, target, target.address());
    }

    /** Connects to where the target's sessions are begun. */
    static CompletableFuture<ClientConnection> connectToBegin(Transport transport, Target target) {
        return connect(transport, target, target.beginsAt());
    }

    private static CompletableFuture<ClientConnection> connect(
            Transport transport, Target target, InetSocketAddress address) {
        ClientConnection connection = new ClientConnection();
        transport.connect(
                address,
                connection,
                () -> connection.connected.completeExceptionally(
                        new IllegalStateException("refused: " + target.name() + " at " + address)));
        return connection.connected;
    }

    ByteBufAllocator allocator() {
        return context().alloc();
    }

    /** Sends a request; ownership of it passes on. On the connection's loop. */
    void send(ByteBuf request, Answer answer) {
        waiting = answer;
        var _ = context().writeAndFlush(request, context().voidPromise());
    }

    boolean open() {
        return context().channel().isActive();
    }

    void close() {
        waiting = null;
        var _ = context().close();
    }

    @Override
    public void channelActive(ChannelHandlerContext active) {
        context = active;
        connected.complete(this);
    }

    @Override
    public void channelInactive(ChannelHandlerContext inactive) throws Exception {
        super.channelInactive(inactive);
        Answer unanswered = waiting;
        waiting = null;
        if (unanswered != null) {
            unanswered.broken();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext failed, Throwable cause) {
        if (!(cause instanceof IOException)) {
            cause.printStackTrace();
        }
        var _ = failed.close();
    }

    @Override
    void head(HttpHead message) {
        if (waiting != null) {
            waiting.head(message);
        }
    }

    @Override
    void body(ByteBuf bytes, int index, int length) {
        if (waiting != null) {
            waiting.body(bytes, index, length);
        }
    }

    @Override
    void end() {
        Answer answered = waiting;
        waiting = null;
        if (answered != null) {
            answered.end();
        }
    }

    private ChannelHandlerContext context() {
        ChannelHandlerContext active = context;
        if (active == null) {
            throw new IllegalStateException("not connected yet");
        }
        return active;
    }
}
