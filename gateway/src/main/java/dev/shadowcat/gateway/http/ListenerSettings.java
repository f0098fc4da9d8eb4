package dev.shadowcat.gateway.http;

import java.net.InetSocketAddress;
import java.time.Duration;

/**
 * What a listener may be told.
 *
 * @param address where it listens; port 0 takes a free one
 */
public record ListenerSettings(InetSocketAddress address, Limits limits, Timeouts timeouts, Buffers buffers) {
    /** The defaults at an address. */
    public static ListenerSettings at(InetSocketAddress address) {
        return new ListenerSettings(address, Limits.DEFAULT, Timeouts.DEFAULT, Buffers.DEFAULT);
    }

    public ListenerSettings with(Limits changed) {
        return new ListenerSettings(address, changed, timeouts, buffers);
    }

    public ListenerSettings with(Timeouts changed) {
        return new ListenerSettings(address, limits, changed, buffers);
    }

    public ListenerSettings with(Buffers changed) {
        return new ListenerSettings(address, limits, timeouts, changed);
    }

    /**
     * How much a listener takes at most.
     *
     * @param maxRequestBytes the body of one request
     * @param maxRequestBytesInFlight the bodies of all requests together, from their arrival until their answer has ended
     * @param maxConnections open connections; one above it is answered 503
     */
    public record Limits(int maxRequestBytes, long maxRequestBytesInFlight, int maxConnections) {
        public static final Limits DEFAULT = new Limits(4 << 20, 64L << 20, 20_000);

        public Limits {
            atLeast("max-request-bytes", maxRequestBytes, 1);
            atLeast("max-request-bytes-in-flight", maxRequestBytesInFlight, maxRequestBytes);
            atLeast("max-connections", maxConnections, 1);
        }
    }

    /**
     * How long a listener waits. They are checked once a second: a wait may end that much later, never earlier.
     *
     * @param header from the first byte of a request, or from the connection's begin, to the end of its headers
     * @param body from the headers to the end of the body
     * @param keepAliveIdle between two requests
     * @param stalledWrite without one byte of an answer taken by the client, streamed or not
     */
    public record Timeouts(Duration header, Duration body, Duration keepAliveIdle, Duration stalledWrite) {
        public static final Timeouts DEFAULT = new Timeouts(
                Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofSeconds(75), Duration.ofSeconds(60));

        public Timeouts {
            // The connections' clocks are ints of milliseconds.
            within("header-timeout", header);
            within("body-timeout", body);
            within("keep-alive-idle", keepAliveIdle);
            within("stalled-write-timeout", stalledWrite);
        }
    }

    /**
     * How much of one connection lies in buffers.
     *
     * @param socketReceive SO_RCVBUF, bytes
     * @param socketSend SO_SNDBUF, bytes
     * @param lowWater an answer is writable again when fewer bytes wait for the socket
     * @param highWater an answer is not writable when more bytes wait for the socket
     */
    public record Buffers(int socketReceive, int socketSend, int lowWater, int highWater) {
        public static final Buffers DEFAULT = new Buffers(64 << 10, 64 << 10, 32 << 10, 64 << 10);

        public Buffers {
            atLeast("socket-receive", socketReceive, 1024);
            atLeast("socket-send", socketSend, 1024);
            atLeast("low-water", lowWater, 1);
            atLeast("high-water", highWater, lowWater);
        }
    }

    private static void atLeast(String key, long value, long least) {
        if (value < least) {
            throw new IllegalArgumentException(key + ": must be at least " + least + ", but was " + value);
        }
    }

    private static void within(String key, Duration value) {
        if (value.compareTo(Duration.ofMillis(1)) < 0 || value.compareTo(Duration.ofDays(1)) > 0) {
            throw new IllegalArgumentException(key + ": must be between 1 ms and 1 day, but was " + value);
        }
    }
}
