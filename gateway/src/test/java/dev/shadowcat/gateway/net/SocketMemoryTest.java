package dev.shadowcat.gateway.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What is named of Netty's insides is there in the release that is used. */
@Tag("memory-usage")
class SocketMemoryTest {
    @Test
    void everyClassOfASocketIsThere() {
        assertThat(SocketFootprint.complete()).isTrue();
    }

    @Test
    void socketsToOnePeerShareItsAddress() throws Exception {
        EventLoopGroup loops = Transport.EPOLL.newLoops(1, "addresses");
        try {
            Channel server = new ServerBootstrap()
                    .group(loops)
                    .channel(Transport.EPOLL.serverSocket())
                    .childHandler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel accepted) {}
                    })
                    .bind(InetAddress.getLoopbackAddress(), 0)
                    .sync()
                    .channel();
            Channel one = connect(loops, server);
            Channel other = connect(loops, server);
            assertThat(other.remoteAddress()).isEqualTo(one.remoteAddress()).isNotSameAs(one.remoteAddress());
            Channel third = connect(loops, server);
            Channel fourth = connect(loops, server);
            SharedAddress shared = new SharedAddress();
            shared.shareRemote(third);
            shared.shareRemote(fourth);
            assertThat(fourth.remoteAddress()).isSameAs(third.remoteAddress()).isEqualTo(server.localAddress());
            shared.shareLocal(fourth); // of another kind: it takes the place, and nothing is mixed up
            assertThat(fourth.localAddress()).isNotEqualTo(fourth.remoteAddress());
            Channel fifth = connect(loops, server);
            SharedAddress.forgetLocal(fifth);
            assertThat(fifth.localAddress()).isNull();
            assertThat(fifth.remoteAddress()).isEqualTo(server.localAddress());
            assertThat(fifth.isActive()).isTrue();
        } finally {
            loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
        }
    }

    private static Channel connect(EventLoopGroup loops, Channel server) throws InterruptedException {
        return new Bootstrap()
                .group(loops)
                .channel(Transport.EPOLL.socket())
                .handler(new ChannelInboundHandlerAdapter())
                .connect((InetSocketAddress) server.localAddress())
                .sync()
                .channel();
    }
}
