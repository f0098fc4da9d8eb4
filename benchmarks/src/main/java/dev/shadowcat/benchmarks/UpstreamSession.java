package dev.shadowcat.benchmarks;

import io.netty.channel.ChannelHandlerContext;
import org.jspecify.annotations.Nullable;

/** A session of the upstream: its standalone stream and the numbers of its events. On the upstream's event loop. */
final class UpstreamSession {
    final String id;

    /** The connection of the standalone stream while one is open. */
    @Nullable
    ChannelHandlerContext stream;

    /** Events emitted on the standalone stream so far, over all its connections. */
    long emitted;

    /** SSE answers given so far. */
    int answers;

    UpstreamSession(String id) {
        this.id = id;
    }
}
