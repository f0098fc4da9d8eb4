package dev.shadowcat.gateway.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@SuppressWarnings("NullAway.Init") // by listen()
class SynFilterTest {
    private EventLoopGroup group;
    private Channel listening;

    @AfterEach
    void close() {
        listening.close().syncUninterruptibly();
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @Test
    void keepsNewConnectionsAwayAndLeavesThoseThatThereAre() throws IOException {
        listen(EpollIoHandler.newFactory(), EpollServerSocketChannel.class);
        try (Socket first = connect(5_000)) {
            SynFilter.attach(listening);
            assertThatThrownBy(() -> connect(300)).isInstanceOf(SocketTimeoutException.class);
            first.getOutputStream().write('x');
            assertThat(first.getInputStream().read()).isEqualTo('x');
        }
    }

    @Test
    void changesNothingWhereTheTransportHasNoFilters() throws IOException {
        listen(NioIoHandler.newFactory(), NioServerSocketChannel.class);
        SynFilter.attach(listening);
        connect(5_000).close();
    }

    private void listen(IoHandlerFactory handlers, Class<? extends ServerChannel> channel) {
        group = new MultiThreadIoEventLoopGroup(1, handlers);
        listening = new ServerBootstrap()
                .group(group)
                .channel(channel)
                .childHandler(new Echo())
                .bind(InetAddress.getLoopbackAddress(), 0)
                .syncUninterruptibly()
                .channel();
    }

    private Socket connect(int timeoutMillis) throws IOException {
        SocketAddress address = listening.localAddress();
        Socket socket = new Socket();
        try {
            socket.connect(address, timeoutMillis);
            return socket;
        } catch (IOException failed) {
            socket.close();
            throw failed;
        }
    }

    private static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object bytes) {
            var _ = context.writeAndFlush(bytes);
        }

        @Override
        public boolean isSharable() {
            return true;
        }
    }
}
