package dev.shadowcat.gateway.upstream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.List;

/** Netty's decoder, watched: bytes on an idle connection, or left over when it becomes idle, make it useless. */
final class ResponseDecoder extends HttpResponseDecoder {
    private final UpstreamConnection connection;
    private boolean amid; // an answer: some of it was decoded, and more has to follow

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
        connection.settle(amid || actualReadableBytes() > 0);
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) throws Exception {
        int from = in.readerIndex();
        super.decode(context, in, out);
        // The first line of an answer is decoded, and no longer among the bytes, before anyone hears of it.
        amid = out.isEmpty() ? amid || in.readerIndex() > from : !(out.getLast() instanceof LastHttpContent);
    }
}
