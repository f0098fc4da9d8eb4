package dev.shadowcat.gateway.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.util.List;

/**
 * Decodes requests one at a time: while one is being served, the bytes of the next wait undecoded, and the socket is not
 * read further. So no queue of requests exists, and what a pipelining client can make us hold is one read.
 */
final class RequestDecoder extends HttpRequestDecoder {
    static final int MAX_TARGET = 8 << 10;
    /** Room for a large token beside a browser's cookies. */
    static final int MAX_HEADERS = 32 << 10;

    private static final HttpDecoderConfig CONFIG = new HttpDecoderConfig()
            .setMaxInitialLineLength(MAX_TARGET)
            .setMaxHeaderSize(MAX_HEADERS)
            .setMaxChunkSize(1 << 20)
            .setInitialBufferSize(64);

    private final Connection connection;
    private boolean amid; // a message: some of it was decoded, and more has to follow
    private boolean decoding;
    private boolean held;
    private boolean discarding;
    private boolean paused;

    RequestDecoder(Connection connection) {
        super(CONFIG);
        this.connection = connection;
    }

    /** Whether the caller was called from in here; what it wrote is then flushed when decoding stops. */
    boolean decoding() {
        return decoding;
    }

    /** Decodes nothing more until released. */
    void hold() {
        held = true;
    }

    /** Goes on with what waits. */
    void release(ChannelHandlerContext context) {
        held = false;
        if (decoding) {
            return;
        }
        if (actualReadableBytes() > 0) {
            channelRead(context.pipeline().context(this), Unpooled.EMPTY_BUFFER);
        }
        if (paused && !held) {
            paused = false;
            context.channel().config().setAutoRead(true);
        }
    }

    /** Throws away what comes from now on. */
    void discard(ChannelHandlerContext context) {
        discarding = true;
        held = false;
        if (paused) {
            paused = false;
            context.channel().config().setAutoRead(true);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (discarding) {
            ReferenceCountUtil.release(message);
            return;
        }
        boolean first = connection.bytesCame();
        decoding = true;
        try {
            if (!first || amid || actualReadableBytes() > 0 || !connection.plainCame((ByteBuf) message)) {
                super.channelRead(context, message);
            }
        } catch (Exception e) {
            context.fireExceptionCaught(e);
        } finally {
            decoding = false;
        }
        connection.flushWaiting();
        if (held && !paused && !context.isRemoved() && actualReadableBytes() > 0) {
            paused = true;
            context.channel().config().setAutoRead(false);
        }
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) throws Exception {
        if (discarding) {
            in.skipBytes(in.readableBytes());
        } else if (!held) {
            int from = in.readerIndex();
            super.decode(context, in, out);
            // The first line of a request is decoded, and no longer among the bytes, before anyone hears of it.
            amid = out.isEmpty() ? amid || in.readerIndex() > from : !(out.getLast() instanceof LastHttpContent);
        }
    }

    /** A client that has gone is owed nothing: what it had begun to ask is not decoded any more. */
    @Override
    public void channelInactive(ChannelHandlerContext context) throws Exception {
        discarding = true;
        super.channelInactive(context);
    }

    @Override
    protected void decodeLast(ChannelHandlerContext context, ByteBuf in, List<Object> out) {}
}
