package dev.shadowcat.gateway.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.util.ReferenceCountUtil;

/** Netty's decoder, watched: bytes on an idle connection, or left over when it becomes idle, make it useless. */
final class ResponseDecoder extends HttpResponseDecoder {
    private final UpstreamConnection connection;

    ResponseDecoder(HttpDecoderConfig config, UpstreamConnection connection) {
        super(config);
        this.connection = connection;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object bytes) throws Exception {
        boolean first = connection.awaitsAnswer();
        if (!connection.bytesCame()) {
            ReferenceCountUtil.release(bytes);
            return;
        }
        if (!first || !connection.plainCame((ByteBuf) bytes)) {
            super.channelRead(context, bytes);
        }
        connection.settle(actualReadableBytes() > 0);
    }
}
