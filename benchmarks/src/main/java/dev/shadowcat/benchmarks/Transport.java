package dev.shadowcat.benchmarks;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** One event loop and the sockets on it: epoll, or NIO where that is missing. */
final class Transport {
    /** Left alone, the kernel takes megabytes for each stream, and what they hold would look like a proxy's delay. */
    private static final int SEND_BUFFER_BYTES = 128 * 1024;

    private final EventLoopGroup group;

    Transport(String name) {
        group = new MultiThreadIoEventLoopGroup(
                1,
                new DefaultThreadFactory(name, true),
                Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    }

    EventLoop loop() {
        return group.next();
    }

    /** Begins a step on the loop, so that all its stages run there. */
    <T> CompletableFuture<T> onLoop(Supplier<CompletableFuture<T>> step) {
        return CompletableFuture.completedFuture(true).thenComposeAsync(_ -> step.get(), loop());
    }

    Channel listen(InetSocketAddress address, Supplier<ChannelHandler> handlers) {
        return new ServerBootstrap()
                .group(group)
                .channel(serverChannel())
                .option(ChannelOption.SO_BACKLOG, 8192)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_SNDBUF, SEND_BUFFER_BYTES)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(handlers.get());
                    }
                })
                .bind(address)
                .syncUninterruptibly()
                .channel();
    }

    /** Connects; the handler hears {@code channelActive}, or {@code refused} is run on the loop. */
    void connect(InetSocketAddress address, ChannelHandler handler, Runnable refused) {
        var _ = new Bootstrap()
                .group(group)
                .channel(Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 10_000)
                .handler(handler)
                .connect(address)
                .addListener(connecting -> {
                    if (!connecting.isSuccess()) {
                        refused.run();
                    }
                });
    }

    private static Class<? extends ServerChannel> serverChannel() {
        return Epoll.isAvailable() ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
    }
}
