package dev.shadowcat.gateway.net;

import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.time.Duration;
import java.util.Map;
import jdk.net.ExtendedSocketOptions;

/** The kind of sockets and event loops that a node runs on: epoll where it is available, NIO elsewhere. */
public enum Transport {
    EPOLL(EpollSocketChannel.class, EpollServerSocketChannel.class),
    NIO(NioSocketChannel.class, NioServerSocketChannel.class);

    /** Bytes that one read of a socket takes at most. */
    public static final int RECEIVE_BUFFER_BYTES = 16 * 1024;

    /**
     * One allocator for all channels: a fixed size keeps the adaptive one's history out of each idle channel. A short read
     * ends the round, so that a small answer costs one system call.
     */
    public static final RecvByteBufAllocator RECEIVE_ALLOCATOR =
            new SharedReceiveAllocator(RECEIVE_BUFFER_BYTES).maxMessagesPerRead(4);

    private final Class<? extends SocketChannel> socket;
    private final Class<? extends ServerSocketChannel> serverSocket;

    Transport(Class<? extends SocketChannel> socket, Class<? extends ServerSocketChannel> serverSocket) {
        this.socket = socket;
        this.serverSocket = serverSocket;
    }

    /** The best that this machine has. */
    public static Transport available() {
        return Epoll.isAvailable() ? EPOLL : NIO;
    }

    /** One for each two cores, at least one: two loops on two cores lost a fifth of the throughput of one. */
    public static int defaultLoops() {
        return Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    }

    /** New event loops, whose threads are named {@code name-1-1} and so on. */
    public EventLoopGroup newLoops(int count, String name) {
        if (count < 1) {
            throw new IllegalArgumentException("event-loops: must be at least 1, but was " + count);
        }
        IoHandlerFactory handlers = switch (this) {
            case EPOLL -> EpollIoHandler.newFactory();
            case NIO -> NioIoHandler.newFactory();
        };
        return new MultiThreadIoEventLoopGroup(count, new DefaultThreadFactory(name), handlers);
    }

    public Class<? extends SocketChannel> socket() {
        return socket;
    }

    public Class<? extends ServerSocketChannel> serverSocket() {
        return serverSocket;
    }

    /** The options, beside SO_KEEPALIVE, that set how soon a silent peer is probed, how often, and when it counts as gone. */
    public Map<ChannelOption<Integer>, Integer> keepAlive(Duration idle, Duration interval, int probes) {
        int idleSeconds = (int) idle.toSeconds();
        int intervalSeconds = (int) interval.toSeconds();
        return switch (this) {
            case EPOLL ->
                Map.of(
                        EpollChannelOption.TCP_KEEPIDLE,
                        idleSeconds,
                        EpollChannelOption.TCP_KEEPINTVL,
                        intervalSeconds,
                        EpollChannelOption.TCP_KEEPCNT,
                        probes,
                        // Keep-alive does not probe while sent bytes wait for their acknowledgement; this bounds that
                        // wait.
                        EpollChannelOption.TCP_USER_TIMEOUT,
                        (idleSeconds + intervalSeconds * probes) * 1000);
            case NIO ->
                Map.of(
                        NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE),
                        idleSeconds,
                        NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPINTERVAL),
                        intervalSeconds,
                        NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT),
                        probes);
        };
    }
}
