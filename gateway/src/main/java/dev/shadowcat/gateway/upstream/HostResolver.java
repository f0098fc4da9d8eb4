package dev.shadowcat.gateway.upstream;

import io.netty.channel.EventLoop;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Finds the addresses of one host without blocking an event loop: literals and localhost at once, names on one thread of its
 * own, which ends when it has nothing to do. At most one lookup for each loop is under way; its result holds 5 s.
 */
final class HostResolver implements AutoCloseable {
    private static final long FRESH_NANOS = Duration.ofSeconds(5).toNanos();

    /** Asks for a host's addresses; may block. */
    interface Lookup {
        Lookup SYSTEM = InetAddress::getAllByName;

        InetAddress[] find(String host) throws UnknownHostException;
    }

    /** Who waits for addresses. On the loop that asked. */
    interface Waiter {
        void resolved(List<InetSocketAddress> addresses);

        void unresolved(String reason);
    }

    private final String host;
    private final int port;
    private final Duration timeout;
    private final Lookup lookup;
    private final @Nullable List<InetSocketAddress> fixed;
    private final ThreadPoolExecutor thread;

    HostResolver(String host, int port, Duration timeout, Lookup lookup) {
        this.host = host;
        this.port = port;
        this.timeout = timeout;
        this.lookup = lookup;
        this.fixed = fixed(host, port);
        // The queue is bounded by the loops: each has at most one lookup in it.
        this.thread = new ThreadPoolExecutor(
                1, 1, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), new DefaultThreadFactory("resolver", true));
        thread.allowCoreThreadTimeOut(true);
    }

    OnLoop onLoop(EventLoop loop) {
        return new OnLoop(loop);
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }

    private static @Nullable List<InetSocketAddress> fixed(String host, int port) {
        // Both families, because a server on "localhost" may listen on either alone.
        if (host.toLowerCase(Locale.ROOT).equals("localhost")) {
            return List.of(
                    new InetSocketAddress(NetUtil.LOCALHOST4, port), new InetSocketAddress(NetUtil.LOCALHOST6, port));
        }
        byte[] literal = NetUtil.createByteArrayFromIpAddressString(host);
        if (literal == null) {
            return null;
        }
        try {
            return List.of(new InetSocketAddress(InetAddress.getByAddress(literal), port));
        } catch (UnknownHostException wrongLength) {
            throw new IllegalArgumentException("not an address: " + host, wrongLength);
        }
    }

    /** What one event loop knows of the host. Used on that loop only. */
    final class OnLoop {
        private final EventLoop loop;
        private final List<Waiter> waiting = new ArrayList<>();
        private List<InetSocketAddress> known = List.of();
        private long knownSince;
        private int lookups; // tells the answer of the lookup under way from one that came too late

        private OnLoop(EventLoop loop) {
            this.loop = loop;
        }

        /** Calls the waiter once, during this call or later. */
        void resolve(Waiter waiter) {
            if (fixed != null) {
                waiter.resolved(fixed);
                return;
            }
            if (!known.isEmpty() && System.nanoTime() - knownSince < FRESH_NANOS) {
                waiter.resolved(known);
                return;
            }
            waiting.add(waiter);
            if (waiting.size() == 1) {
                startLookup();
            }
        }

        private void startLookup() {
            int number = ++lookups;
            var deadline = loop.schedule(
                    () -> failed(number, "looking up " + host + " took over " + timeout.toMillis() + " ms"),
                    timeout.toMillis(),
                    TimeUnit.MILLISECONDS);
            try {
                thread.execute(() -> lookUp(number, () -> deadline.cancel(false)));
            } catch (RejectedExecutionException closed) {
                deadline.cancel(false);
                loop.execute(() -> failed(number, "the client is closed"));
            }
        }

        // On the resolver's thread.
        private void lookUp(int number, Runnable inTime) {
            Runnable told;
            try {
                List<InetSocketAddress> found = new ArrayList<>();
                for (InetAddress address : lookup.find(host)) {
                    found.add(new InetSocketAddress(address, port));
                }
                told = () -> found(number, List.copyOf(found));
            } catch (UnknownHostException | RuntimeException unknown) {
                told = () -> failed(number, "unknown host: " + host);
            }
            Runnable outcome = told;
            try {
                loop.execute(() -> {
                    inTime.run();
                    outcome.run();
                });
            } catch (RejectedExecutionException loopIsGone) {
                // Nobody is left to tell.
            }
        }

        private void found(int number, List<InetSocketAddress> addresses) {
            known = addresses;
            knownSince = System.nanoTime();
            if (number == lookups) {
                takeWaiting().forEach(waiter -> waiter.resolved(addresses));
            }
        }

        private void failed(int number, String reason) {
            if (number == lookups) {
                takeWaiting().forEach(waiter -> waiter.unresolved(reason));
            }
        }

        private List<Waiter> takeWaiting() {
            List<Waiter> taken = List.copyOf(waiting);
            waiting.clear();
            lookups++;
            return taken;
        }
    }
}
