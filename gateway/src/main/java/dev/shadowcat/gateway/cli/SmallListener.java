package dev.shadowcat.gateway.cli;

import dev.shadowcat.gateway.config.HostPort;
import dev.shadowcat.gateway.http.ExchangeHandler;
import dev.shadowcat.gateway.http.GuardSettings;
import dev.shadowcat.gateway.http.HttpListener;
import dev.shadowcat.gateway.http.ListenerSettings;
import dev.shadowcat.gateway.http.RequestGuard;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A listener with a thread of its own, beside the gateway's: an operator must get an answer when the gateway is busy. */
final class SmallListener implements AutoCloseable {
    private static final Duration LAST_ANSWERS = Duration.ofMillis(500);

    private final EventLoopGroup group;
    private final HttpListener listener;

    private SmallListener(EventLoopGroup group, HttpListener listener) {
        this.group = group;
        this.listener = listener;
    }

    /**
     * Listens behind the guard against DNS rebinding.
     *
     * @param name also of the setting that has the address
     * @param hosts names beside the loopback ones that a Host header may carry
     * @throws Failure where the address cannot be bound
     */
    static SmallListener open(String name, HostPort address, List<String> hosts, ExchangeHandler handler) {
        InetSocketAddress resolved = address.resolve();
        if (resolved.isUnresolved()) {
            throw new Failure(name + ": there is no host " + address.host());
        }
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(
                1, new DefaultThreadFactory("shadowcat-" + name, true), NioIoHandler.newFactory());
        GuardSettings guard = new GuardSettings(resolved.getAddress(), hosts, List.of());
        try {
            return new SmallListener(
                    group,
                    HttpListener.open(
                            ListenerSettings.at(resolved),
                            group,
                            NioServerSocketChannel.class,
                            new RequestGuard(guard, handler)));
        } catch (IOException taken) {
            var _ = group.shutdownGracefully(0, 0, TimeUnit.MILLISECONDS);
            throw new Failure(name + ": " + Ports.taken(name, address));
        }
    }

    int port() {
        return listener.port();
    }

    @Override
    public void close() {
        listener.close(LAST_ANSWERS);
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
    }
}
