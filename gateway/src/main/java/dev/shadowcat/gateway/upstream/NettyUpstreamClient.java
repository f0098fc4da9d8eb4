package dev.shadowcat.gateway.upstream;

import dev.shadowcat.gateway.net.Transport;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslContext;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The upstream client on Netty: one pool of connections for each event loop, none of them shared between loops. */
public final class NettyUpstreamClient implements UpstreamClient {
    private static final Duration KEEP_ALIVE_IDLE = Duration.ofSeconds(60);
    private static final Duration KEEP_ALIVE_INTERVAL = Duration.ofSeconds(15);
    private static final int KEEP_ALIVE_PROBES = 4;

    private final UpstreamClientSettings settings;
    private final HostResolver resolver;
    private final Bootstrap bootstrap;
    private final @Nullable SslContext tls;
    private final LongSupplier nanoTime;
    private final CallMeter meter;
    private final ConcurrentMap<EventLoop, LoopPool> pools = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /**
     * A client without connections yet.
     *
     * @param meter hears of each request when it has ended
     * @throws IllegalArgumentException when the certificates of {@code caFile} cannot be read
     */
    public NettyUpstreamClient(UpstreamClientSettings settings, Transport transport, CallMeter meter) {
        this(settings, transport, meter, System::nanoTime, HostResolver.Lookup.SYSTEM);
    }

    NettyUpstreamClient(
            UpstreamClientSettings settings,
            Transport transport,
            CallMeter meter,
            LongSupplier nanoTime,
            HostResolver.Lookup lookup) {
        this.settings = settings;
        this.nanoTime = nanoTime;
        this.meter = meter;
        this.tls = settings.secure() ? UpstreamTls.context(settings.caFile()) : null;
        this.resolver = new HostResolver(settings.host(), settings.port(), settings.connectTimeout(), lookup);
        this.bootstrap = bootstrap(settings, transport);
    }

    @Override
    public UpstreamCall send(EventLoop loop, UpstreamRequest request, UpstreamListener listener) {
        LoopPool pool = pools.get(loop);
        if (pool == null) {
            pool = new LoopPool(loop, settings, resolver.onLoop(loop), bootstrap, tls, nanoTime, meter);
            pools.put(loop, pool); // only its own loop adds a loop's pool
            if (closed) {
                pool.close();
            }
        }
        return pool.send(request, listener);
    }

    @Override
    public void close() {
        closed = true;
        resolver.close();
        pools.values().forEach(NettyUpstreamClient::closeOnLoop);
    }

    /** On the loop: its connections, idle and connecting ones included. */
    int openConnections(EventLoop loop) {
        LoopPool pool = pools.get(loop);
        return pool == null ? 0 : pool.openCount();
    }

    /** On the loop: its connections that wait for a request. */
    int idleConnections(EventLoop loop) {
        LoopPool pool = pools.get(loop);
        return pool == null ? 0 : pool.idleCount();
    }

    /** On the loop: how the socket of an idle connection is set. */
    ChannelConfig idleConfig(EventLoop loop) {
        LoopPool pool = pools.get(loop);
        if (pool == null) {
            throw new IllegalStateException("nothing is idle");
        }
        return pool.idleConfig();
    }

    private static void closeOnLoop(LoopPool pool) {
        try {
            pool.loop().execute(pool::close);
        } catch (RejectedExecutionException loopIsGone) {
            // A loop closes its channels when it ends; nothing is left to close.
        }
    }

    private static Bootstrap bootstrap(UpstreamClientSettings settings, Transport transport) {
        Bootstrap bootstrap = new Bootstrap()
                .channel(transport.socket())
                .disableResolver()
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.SO_KEEPALIVE, true)
                .option(ChannelOption.SO_RCVBUF, settings.receiveBufferBytes())
                .option(ChannelOption.SO_SNDBUF, settings.sendBufferBytes())
                // A peer may answer (413) and close while the request is still being written: reading goes on until its
                // FIN.
                .option(ChannelOption.AUTO_CLOSE, false)
                .option(ChannelOption.RECVBUF_ALLOCATOR, Transport.RECEIVE_ALLOCATOR)
                // The pool's own: Netty's timer stays with the channel when connecting is long over, 64 bytes a stream.
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0);
        transport
                .keepAlive(KEEP_ALIVE_IDLE, KEEP_ALIVE_INTERVAL, KEEP_ALIVE_PROBES)
                .forEach(bootstrap::option);
        return bootstrap;
    }
}
