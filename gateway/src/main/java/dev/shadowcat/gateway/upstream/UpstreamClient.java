package dev.shadowcat.gateway.upstream;

import io.netty.channel.EventLoop;

/** The HTTP/1.1 client towards one upstream. */
public interface UpstreamClient extends AutoCloseable {
    /**
     * Sends a request on a pooled or new connection of this event loop. Never throws and never blocks; the listener hears
     * nothing before this method has returned. Must be called on {@code loop}.
     */
    UpstreamCall send(EventLoop loop, UpstreamRequest request, UpstreamListener listener);

    /** Closes idle connections; calls under way are left to their owners. */
    @Override
    void close();
}
