package dev.shadowcat.gateway.upstream;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelProgressiveFuture;
import io.netty.channel.ChannelProgressiveFutureListener;
import io.netty.channel.ChannelProgressivePromise;
import io.netty.channel.ChannelPromise;

/**
 * Hears below TLS whether the socket took bytes: a request's own promise stands for its last record only.
 */
@SuppressWarnings("FutureReturnValueIgnored") // the promise that is passed on reports
final class WireWatch extends ChannelOutboundHandlerAdapter implements ChannelProgressiveFutureListener {
    private final UpstreamConnection connection;

    WireWatch(UpstreamConnection connection) {
        this.connection = connection;
    }

    @Override
    public void write(ChannelHandlerContext context, Object bytes, ChannelPromise promise) {
        ChannelProgressivePromise watched = context.newProgressivePromise();
        watched.addListener(this);
        if (!promise.isVoid()) {
            watched.addListener(written -> {
                if (written.isSuccess()) {
                    promise.trySuccess();
                } else {
                    promise.tryFailure(written.cause());
                }
            });
        }
        context.write(bytes, watched);
    }

    @Override
    public void operationProgressed(ChannelProgressiveFuture write, long progress, long total) {
        if (progress > 0) {
            connection.bytesTaken();
        }
    }

    @Override
    public void operationComplete(ChannelProgressiveFuture write) {
        if (write.isSuccess()) {
            connection.bytesTaken();
        }
    }
}
