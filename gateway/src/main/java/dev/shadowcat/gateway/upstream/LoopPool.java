package dev.shadowcat.gateway.upstream;

import dev.shadowcat.gateway.net.PlainMessage;
import dev.shadowcat.gateway.net.SharedAddress;
import dev.shadowcat.gateway.upstream.UpstreamRequest.Reuse;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The connections of one event loop to one upstream. Used on that loop only, hence without locks. */
@SuppressWarnings("FutureReturnValueIgnored") // connecting has its listener, the sweep nothing to say
final class LoopPool {
    private static final int PLAIN_BYTES = 8 << 10;

    private final EventLoop loop;
    private final UpstreamClientSettings settings;
    private final HostResolver.OnLoop resolver;
    private final Bootstrap bootstrap;
    private final @Nullable SslContext tls;
    private final LongSupplier nanoTime;
    private final CallMeter meter;
    private final long pooledIdleNanos;
    private final long recentIdleNanos;
    private final RequestEncoder encoder;
    private final HttpDecoderConfig decoding;
    private final PlainMessage plain;
    private final ArrayDeque<UpstreamConnection> idle = new ArrayDeque<>(); // longest idle first; may hold dropped ones
    private final SharedAddress remote = new SharedAddress(); // of nearly all of them
    private int open; // connecting and idle ones included
    private int goodAddress; // the one that connected last
    private boolean sweepDue;
    private boolean closed;

    LoopPool(
            EventLoop loop,
            UpstreamClientSettings settings,
            HostResolver.OnLoop resolver,
            Bootstrap bootstrap,
            @Nullable SslContext tls,
            LongSupplier nanoTime,
            CallMeter meter) {
        this.loop = loop;
        this.settings = settings;
        this.resolver = resolver;
        this.bootstrap = bootstrap.clone(loop);
        this.tls = tls;
        this.nanoTime = nanoTime;
        this.meter = meter;
        this.pooledIdleNanos = settings.pooledIdle().toNanos();
        this.recentIdleNanos = settings.recentIdle().toNanos();
        this.encoder = new RequestEncoder(settings.authority());
        this.plain = new PlainMessage(Math.min(settings.maxHeaderBytes(), PLAIN_BYTES));
        this.decoding = new HttpDecoderConfig()
                .setMaxInitialLineLength(settings.maxHeaderBytes())
                .setMaxHeaderSize(settings.maxHeaderBytes())
                .setMaxChunkSize(Integer.MAX_VALUE); // content is passed on as it comes, never gathered
    }

    UpstreamCall send(UpstreamRequest request, UpstreamListener listener) {
        ByteBuf body = request.body();
        ByteBuf head;
        try {
            head = encoder.encode(request, allocator());
        } catch (IllegalArgumentException unsendable) {
            body.release();
            return refused(
                    new OpenCall(listener, request, meter, null, null),
                    "request cannot be sent: " + unsendable.getMessage());
        }
        boolean copied = RequestEncoder.copiesBody(body);
        if (copied) {
            body.release();
        }
        OpenCall call = new OpenCall(listener, request, meter, head, copied ? null : body);
        if (closed) {
            return refused(call, "the client is closed");
        }
        UpstreamConnection pooled = take(request.reuse());
        if (pooled != null) {
            pooled.send(call);
            return call;
        }
        if (!hasRoom()) {
            return refused(
                    call,
                    "too many connections to " + settings.authority() + ": " + settings.maxConnectionsPerLoop()
                            + " are open");
        }
        open++; // now, so that calls that wait for an address count
        resolver.resolve(new Connecting(call));
        return call;
    }

    EventLoop loop() {
        return loop;
    }

    /** Takes a connection back whose answer ended in good order. */
    void release(UpstreamConnection connection) {
        if (closed) {
            connection.drop();
            return;
        }
        connection.idleSince(nanoTime.getAsLong());
        idle.addLast(connection);
        scheduleSweep(pooledIdleNanos);
    }

    /** Hears of a connection that closed. */
    void gone() {
        open--;
    }

    void close() {
        closed = true;
        dropIdleSince(Long.MIN_VALUE);
    }

    int idleCount() {
        return (int) idle.stream().filter(UpstreamConnection::isIdle).count();
    }

    int openCount() {
        return open;
    }

    ChannelConfig idleConfig() {
        return idle.getLast().config();
    }

    ByteBufAllocator allocator() {
        return ByteBufAllocator.DEFAULT;
    }

    HttpDecoderConfig decoding() {
        return decoding;
    }

    PlainMessage plain() {
        return plain;
    }

    @Nullable
    SslHandler newTlsHandler() {
        return tls == null ? null : UpstreamTls.handler(tls, allocator(), settings);
    }

    private @Nullable UpstreamConnection take(Reuse reuse) {
        long limit = switch (reuse) {
            case POOLED -> pooledIdleNanos;
            case RECENT -> recentIdleNanos;
        };
        long now = nanoTime.getAsLong();
        // Newest first: where it is too old, so are the others.
        for (UpstreamConnection newest = idle.peekLast(); newest != null; newest = idle.peekLast()) {
            if (newest.isIdle() && now - newest.idleSince() >= limit) {
                return null;
            }
            idle.removeLast();
            if (newest.isIdle()) {
                return newest;
            }
        }
        return null;
    }

    private boolean hasRoom() {
        if (open < settings.maxConnectionsPerLoop()) {
            return true;
        }
        for (UpstreamConnection oldest = idle.pollFirst(); oldest != null; oldest = idle.pollFirst()) {
            if (oldest.isIdle()) {
                oldest.drop(); // makes room at once: the socket closes in this call
                return true;
            }
        }
        return false;
    }

    private void connect(OpenCall call, List<InetSocketAddress> addresses, int attempt) {
        InetSocketAddress address = addresses.get((goodAddress + attempt) % addresses.size());
        UpstreamConnection connection = new UpstreamConnection(this, call);
        call.on(connection);
        ChannelFuture connecting = bootstrap.clone().handler(connection).connect(address);
        long timeoutMillis = settings.connectTimeout().toMillis();
        boolean[] late = new boolean[1];
        Future<?> timeout = loop.schedule(
                () -> {
                    late[0] = true;
                    connecting.channel().close();
                },
                timeoutMillis,
                TimeUnit.MILLISECONDS);
        connecting.addListener(connected -> {
            timeout.cancel(false);
            if (connected.isSuccess()) {
                goodAddress = (goodAddress + attempt) % addresses.size();
                remote.shareRemote(connecting.channel());
                SharedAddress.forgetLocal(connecting.channel());
                return;
            }
            if (!call.isOver() && attempt + 1 < addresses.size()) {
                connect(call, addresses, attempt + 1);
                return;
            }
            open--;
            refused(
                    call,
                    "cannot connect to " + settings.authority() + ": "
                            + (late[0]
                                    ? "no connection within " + timeoutMillis + " ms"
                                    : UpstreamConnection.reason(connected.cause())));
        });
    }

    /** Fails a call that went nowhere, later: the listener hears nothing before send has returned. */
    private UpstreamCall refused(OpenCall call, String reason) {
        loop.execute(() -> call.failed(reason));
        return call;
    }

    private void scheduleSweep(long delayNanos) {
        if (!sweepDue) {
            sweepDue = true;
            loop.schedule(this::sweep, delayNanos, TimeUnit.NANOSECONDS);
        }
    }

    private void sweep() {
        sweepDue = false;
        long now = nanoTime.getAsLong();
        dropIdleSince(now - pooledIdleNanos);
        UpstreamConnection oldest = idle.peekFirst();
        if (oldest != null) {
            scheduleSweep(Math.max(TimeUnit.MILLISECONDS.toNanos(1), oldest.idleSince() + pooledIdleNanos - now));
        }
    }

    private void dropIdleSince(long latest) {
        for (UpstreamConnection oldest = idle.peekFirst(); oldest != null; oldest = idle.peekFirst()) {
            if (oldest.isIdle() && !closed && oldest.idleSince() - latest > 0) {
                return;
            }
            idle.removeFirst();
            if (oldest.isIdle()) {
                oldest.drop();
            }
        }
    }

    /** A call that waits for the upstream's addresses. */
    private final class Connecting implements HostResolver.Waiter {
        private final OpenCall call;

        private Connecting(OpenCall call) {
            this.call = call;
        }

        @Override
        public void resolved(List<InetSocketAddress> addresses) {
            if (call.isOver()) {
                open--;
                return;
            }
            connect(call, addresses, 0);
        }

        @Override
        public void unresolved(String reason) {
            open--;
            refused(call, reason);
        }
    }
}
