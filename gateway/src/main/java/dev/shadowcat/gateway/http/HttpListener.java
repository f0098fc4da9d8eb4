package dev.shadowcat.gateway.http;

import dev.shadowcat.gateway.net.SharedAddress;
import dev.shadowcat.gateway.net.SharedReceiveAllocator;
import dev.shadowcat.gateway.net.SynFilter;
import dev.shadowcat.persist.Deadline;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MaxMessagesRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.ServerChannel;
import io.netty.channel.ServerChannelRecvByteBufAllocator;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** Takes HTTP/1.1 and HTTP/1.0 connections at one address and hands their requests, each read whole, to a handler. */
public final class HttpListener {
    /** One object for all connections: the usual one keeps a history for each. Also the most that one read brings. */
    private static final RecvByteBufAllocator RECEIVE = new SharedReceiveAllocator(16 << 10);

    private static final int BACKLOG = 1024;
    /** How many connections are taken at the most before others of the loop have their turn. */
    private static final int ACCEPTS = 16;

    /** How long a request may be under way on a connection that was taken, or that serves one after the other. */
    private static final Duration LAST_REQUEST = Duration.ofMillis(250);

    private static final Duration LAST_CLOSE = Duration.ofSeconds(1);
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(5);
    /** A round trip in a data centre: connections that have begun become whole by then. Who asks for one meanwhile loses a second. */
    private static final long LAST_HANDSHAKE_MILLIS = 1;

    private final ListenerContext context;
    private final Map<EventExecutor, LoopConnections> loops = new HashMap<>();
    private final SharedAddress local = new SharedAddress();
    private final Channel server;
    /** Takes connections until none waits: by itself Netty's epoll takes one at a time. */
    private final MaxMessagesRecvByteBufAllocator accepts =
            new ServerChannelRecvByteBufAllocator().respectMaybeMoreData(false).maxMessagesPerRead(ACCEPTS);

    private HttpListener(
            ListenerSettings settings,
            EventLoopGroup group,
            Class<? extends ServerChannel> channel,
            ExchangeHandler handler,
            LongSupplier ticker,
            InstantSource clock)
            throws IOException {
        context = new ListenerContext(settings, handler);
        for (EventExecutor executor : group) {
            loops.put(executor, new LoopConnections((EventLoop) executor, ticker, clock));
        }
        ListenerSettings.Buffers buffers = settings.buffers();
        ChannelFuture bound = new ServerBootstrap()
                .group(group)
                .channel(channel)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.RECVBUF_ALLOCATOR, accepts)
                .option(ChannelOption.SO_RCVBUF, buffers.socketReceive())
                .childOption(ChannelOption.SO_RCVBUF, buffers.socketReceive())
                .childOption(ChannelOption.SO_SNDBUF, buffers.socketSend())
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, RECEIVE)
                .childOption(
                        ChannelOption.WRITE_BUFFER_WATER_MARK,
                        new WriteBufferWaterMark(buffers.lowWater(), buffers.highWater()))
                .childHandler(new Initializer())
                .bind(settings.address())
                .awaitUninterruptibly();
        Throwable failure = bound.cause();
        if (failure != null) {
            throw new IOException("cannot listen on " + settings.address() + ": " + failure.getMessage(), failure);
        }
        server = bound.channel();
        loops.values().forEach(LoopConnections::start);
    }

    /**
     * Listens; requests come to the handler from now on.
     *
     * @param group carries the connections; stays the caller's to shut down, after this listener was closed
     * @throws IOException where the address cannot be bound
     */
    public static HttpListener open(
            ListenerSettings settings,
            EventLoopGroup group,
            Class<? extends ServerChannel> channel,
            ExchangeHandler handler)
            throws IOException {
        return open(settings, group, channel, handler, System::nanoTime, InstantSource.system());
    }

    /** The same, with a clock for the timeouts (nanoseconds) and one for the Date header. */
    static HttpListener open(
            ListenerSettings settings,
            EventLoopGroup group,
            Class<? extends ServerChannel> channel,
            ExchangeHandler handler,
            LongSupplier ticker,
            InstantSource clock)
            throws IOException {
        return new HttpListener(settings, group, channel, handler, ticker, clock);
    }

    /** The port it listens on. */
    public int port() {
        return address().getPort();
    }

    /** The address it listens on. */
    public InetSocketAddress address() {
        return (InetSocketAddress) server.localAddress();
    }

    /** How many connections are open. */
    public int connections() {
        return context.connections();
    }

    /** The bytes that are held for requests in flight. */
    public long requestBytesInFlight() {
        return context.budget().taken();
    }

    /** Lets every connection end with the next answer on it; new ones are taken, for one request each. Any thread. */
    public void endConnections() {
        context.endConnections();
    }

    /**
     * Takes no new connection, and lets those that there are end with the next answer on them. Returns when the server socket is
     * closed. Not on an event loop. Idempotent.
     */
    public void stopAccepting() {
        context.endConnections();
        if (server.isOpen()) {
            server.eventLoop().execute(this::takeAllAndClose);
            server.closeFuture().awaitUninterruptibly();
            passLoops(); // what was taken last may have yet to get there, and what it brought, to be read
        }
        context.stop();
    }

    /** Returns when each loop has done what it had to do, and has looked at all its sockets after that. */
    private void passLoops() {
        for (EventExecutor loop : loops.keySet()) {
            CompletableFuture<Void> passed = new CompletableFuture<>();
            try {
                // What becomes due while a loop works is done after its next look at the sockets.
                loop.execute(() -> {
                    var _ = loop.schedule(() -> passed.complete(null), 0, TimeUnit.NANOSECONDS);
                });
                passed.join();
            } catch (RejectedExecutionException _) {
                // The loop has ended, and has nothing left to do.
            }
        }
    }

    /**
     * Closes the server socket right after it took what waited. What waits when it closes is reset by the kernel, and whoever sent a
     * request there cannot tell that nobody has read it. So nobody new comes from here on, and whoever is there by then is taken at the
     * loop's next look at its sockets, which is before it does what becomes due meanwhile.
     */
    private void takeAllAndClose() {
        accepts.maxMessagesPerRead(Integer.MAX_VALUE);
        SynFilter.attach(server);
        var _ = server.eventLoop().schedule(this::closeServer, LAST_HANDSHAKE_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void closeServer() {
        var _ = server.close();
    }

    /**
     * Stops accepting, closes connections that bring no request in a moment, waits until every answer has ended, and cuts the
     * connections that are left at the deadline. Not on an event loop. Idempotent.
     *
     * @return how many connections had to be cut
     */
    public int close(Duration time) {
        Deadline deadline = Deadline.in(time);
        boolean drained = endRequests(time.compareTo(LAST_REQUEST) < 0 ? time : LAST_REQUEST);
        int cut = 0;
        if (!drained && !drainedWithin(deadline.left())) {
            cut = context.connections();
            onEachLoop(Connection::close);
            drainedWithin(LAST_CLOSE);
        }
        loops.values().forEach(LoopConnections::stop);
        return cut;
    }

    /** Stops accepting, and closes connections that bring no request in a moment. Not on an event loop. Idempotent. */
    public void endRequests() {
        endRequests(LAST_REQUEST);
    }

    /**
     * Waits until the answer to each request that came has begun, no longer than that, and not on where the thread is interrupted. After
     * {@link #endRequests()}. Not on an event loop.
     */
    public void awaitAnswers(Duration time) {
        Deadline deadline = Deadline.in(time);
        boolean goesOn = true;
        while (goesOn && awaitedAnswers() > 0 && deadline.left().isPositive()) {
            goesOn = paused(BETWEEN_LOOKS);
        }
    }

    private int awaitedAnswers() {
        AtomicInteger awaited = new AtomicInteger();
        onEachLoop(connection -> {
            if (connection.awaitsAnswer()) {
                awaited.incrementAndGet();
            }
        });
        passLoops();
        return awaited.get();
    }

    private boolean endRequests(Duration last) {
        stopAccepting();
        boolean drained = drainedWithin(last);
        passLoops(); // one that stood still has yet to read what came meanwhile
        closeIdle();
        passLoops(); // each end is told by a task of its own
        return drained;
    }

    private void closeIdle() {
        List<CompletableFuture<Void>> closing = new ArrayList<>();
        for (LoopConnections connections : loops.values()) {
            try {
                closing.add(connections.closeIdle());
            } catch (RejectedExecutionException _) {
                // The loop has ended, and its connections with it.
            }
        }
        closing.forEach(CompletableFuture::join);
    }

    private boolean drainedWithin(Duration time) {
        try {
            context.drained().get(time.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException _) {
            return false;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Whether it was not interrupted. */
    private static boolean paused(Duration time) {
        try {
            Thread.sleep(time);
            return true;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void onEachLoop(Consumer<Connection> action) {
        for (LoopConnections connections : loops.values()) {
            try {
                connections.loop().execute(() -> connections.forEach(action));
            } catch (RejectedExecutionException _) {
                // The loop has ended, and its connections with it.
            }
        }
    }

    /** What the timeouts of all connections are checked by; for tests, which have a clock of their own. */
    Collection<LoopConnections> loops() {
        return loops.values();
    }

    private final class Initializer extends ChannelInitializer<Channel> {
        @Override
        protected void initChannel(Channel channel) {
            LoopConnections neighbours = loops.get(channel.eventLoop());
            if (neighbours == null) {
                throw new IllegalStateException("not a loop of this listener's group");
            }
            if (!context.connectionOpened()) {
                context.connectionClosed();
                channel.unsafe().closeForcibly();
                return;
            }
            local.shareLocal(channel);
            Connection connection = new Connection(context, neighbours);
            RequestDecoder decoder = new RequestDecoder(connection);
            connection.decoder(decoder);
            channel.pipeline().addLast("http", decoder).addLast("connection", connection);
        }
    }
}
