package dev.shadowcat.gateway.http;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;

/** What carries the sockets of a test. */
enum Transport {
    NIO(NioServerSocketChannel.class),
    EPOLL(EpollServerSocketChannel.class);

    final Class<? extends ServerChannel> channel;

    Transport(Class<? extends ServerChannel> channel) {
        this.channel = channel;
    }

    EventLoopGroup group() {
        return new MultiThreadIoEventLoopGroup(
                1, this == NIO ? NioIoHandler.newFactory() : EpollIoHandler.newFactory());
    }
}
