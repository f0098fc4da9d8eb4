package dev.shadowcat.gateway.upstream;

import dev.shadowcat.gateway.net.PlainMessage;
import dev.shadowcat.gateway.net.SocketFootprint;
import dev.shadowcat.gateway.upstream.UpstreamFailure.Fate;
import dev.shadowcat.memory.Footprint;
import dev.shadowcat.memory.Measured;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelProgressivePromise;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.PrematureChannelClosureException;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.ConnectException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to an upstream, which carries one request at a time. It is also the last handler of its pipeline: behind
 * Netty's response decoder, or alone once a long-lived answer's head is through, so that an idle stream holds as little as
 * can be. On its event loop.
 */
@SuppressWarnings("FutureReturnValueIgnored") // writes report to the call, closing to channelInactive
final class UpstreamConnection extends ChannelInboundHandlerAdapter implements Measured {
    private static final Logger LOG = LoggerFactory.getLogger(UpstreamConnection.class);

    private final LoopPool pool;
    private @Nullable ChannelHandlerContext context; // from its registration on
    private @Nullable OpenCall call; // none while idle
    private @Nullable ChunkedBody chunks; // of a long-lived answer, where it is chunked
    private boolean streaming; // the decoder has left
    private boolean interim; // an informational response is passing
    private boolean keepAlive;
    private boolean answered; // and not yet in the pool again
    private boolean pooled;
    private boolean dropped;
    private long idleSince;

    UpstreamConnection(LoopPool pool, OpenCall first) {
        this.pool = pool;
        this.call = first;
    }

    /** Sends on an idle connection. */
    void send(OpenCall next) {
        call = next;
        pooled = false;
        next.on(this);
        write(next);
    }

    @Override
    public void measure(Footprint footprint) {
        footprint.add(this).add(chunks);
        if (context != null) {
            SocketFootprint.add(context.channel(), footprint);
        }
    }

    void reading(boolean on) {
        if (context != null) {
            context.channel().config().setAutoRead(on);
        }
    }

    /** Closes the connection; whoever still waits on it hears nothing. */
    void drop() {
        call = null;
        answered = false;
        dropped = true;
        if (context != null) {
            context.channel().close();
        }
    }

    boolean isIdle() {
        return pooled && !dropped;
    }

    ChannelConfig config() {
        return wire().channel().config();
    }

    long idleSince() {
        return idleSince;
    }

    void idleSince(long nanoTime) {
        idleSince = nanoTime;
    }

    /** Whether a request is out and nothing of its answer has come, so that the decoder is at the beginning of a message. */
    boolean awaitsAnswer() {
        return call != null && !call.hasBegun();
    }

    /** Takes what came if it is a whole answer and nothing unusual, past the decoder; false leaves it for the decoder. */
    boolean plainCame(ByteBuf bytes) {
        OpenCall current = call;
        PlainMessage plain = pool.plain();
        if (current == null || !plain.readResponse(bytes)) {
            return false;
        }
        try {
            bytes.skipBytes(bytes.readableBytes() - plain.bodyLength());
            head(current, new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, plain.headers()));
            if (call == current) {
                content(current, bytes, true);
            }
        } finally {
            bytes.release();
        }
        return true;
    }

    /** Says whether anyone waits for the bytes that came; bytes that nobody asked for end the connection. */
    boolean bytesCame() {
        if (call == null) {
            drop();
            return false;
        }
        call.answerBegan();
        return true;
    }

    /**
     * Goes back to the pool once all that was read with the end of an answer has been looked at. Not before: a second answer
     * in the same read must never become that of the next request.
     */
    void settle(boolean leftOver) {
        if (!answered) {
            return;
        }
        answered = false;
        if (leftOver) {
            drop();
            return;
        }
        pooled = true;
        pool.release(this);
    }

    void bytesTaken() {
        if (call != null) {
            call.bytesTaken();
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        this.context = context;
        if (dropped) {
            context.channel().close();
            return;
        }
        context.pipeline().addFirst(new ResponseDecoder(pool.decoding(), this));
        SslHandler tls = pool.newTlsHandler();
        if (tls != null) {
            context.pipeline().addFirst(new WireWatch(this), tls);
        }
        if (call != null && call.isPaused()) {
            reading(false);
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        if (context.pipeline().get(SslHandler.class) == null) {
            begin();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake) {
            if (handshake.isSuccess()) {
                begin();
            } else {
                fail(reason(handshake.cause()));
            }
        } else if (event instanceof SslCloseCompletionEvent close && !close.isSuccess()) {
            // RFC 9112, 9.8: without close_notify the end of the connection is no proof of the end of the answer.
            fail("connection closed without TLS close_notify");
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        try {
            OpenCall current = call;
            if (current == null) {
                surplus();
                return;
            }
            if (message instanceof HttpResponse response) {
                head(current, response);
            } else if (message instanceof HttpContent content) {
                content(current, content);
            } else {
                stream(current, (ByteBuf) message);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        dropped = true;
        pool.gone();
        OpenCall current = call;
        if (current == null) {
            return;
        }
        if (streaming && chunks == null) {
            call = null;
            current.end();
            return;
        }
        fail("connection closed by the upstream");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (!(cause instanceof IOException) && call != null) {
            LOG.warn("Upstream connection failed", cause);
        }
        fail(reason(cause));
    }

    static String reason(Throwable cause) {
        if (cause instanceof NotSslRecordException) {
            return "it does not speak TLS; is http:// meant?";
        }
        String message = cause.getMessage();
        if (cause instanceof ConnectException && message != null && message.contains("Connection refused")) {
            return UpstreamFailure.REFUSED;
        }
        return message == null || message.isEmpty() ? cause.getClass().getSimpleName() : message;
    }

    private void begin() {
        if (call == null) {
            drop();
            return;
        }
        write(call);
    }

    private void write(OpenCall current) {
        ChannelHandlerContext wire = wire();
        if (current.isPaused()) {
            reading(false);
        }
        ByteBuf head = current.takeHead();
        ByteBuf body = current.takeBody();
        current.writing(body == null ? 1 : 2);
        if (body == null) {
            wire.writeAndFlush(head, watched(wire, current));
            return;
        }
        wire.write(head, watched(wire, current));
        wire.writeAndFlush(body, watched(wire, current));
    }

    private static ChannelPromise watched(ChannelHandlerContext wire, OpenCall current) {
        ChannelProgressivePromise promise = wire.newProgressivePromise();
        promise.addListener(current);
        return promise;
    }

    private ChannelHandlerContext wire() {
        ChannelHandlerContext wire = context;
        if (wire == null) {
            throw new IllegalStateException("not connected");
        }
        return wire;
    }

    /** A message that nobody waits for: decoded before its call was closed, or more than was asked for. */
    private void surplus() {
        if (!dropped) {
            drop();
        }
    }

    private void head(OpenCall current, HttpResponse response) {
        if (failedDecoding(response.decoderResult())) {
            return;
        }
        int status = response.status().code();
        if (status < 200) {
            if (status == 101) {
                invalid("upstream switched protocols without being asked");
                return;
            }
            interim = true;
            return;
        }
        keepAlive = HttpUtil.isKeepAlive(response);
        boolean chunked = HttpUtil.isTransferEncodingChunked(response);
        // An answer of known length is no stream: it keeps the decoder, and its connection goes back to the pool.
        boolean leaves = current.isLongLived()
                && status == 200
                && (chunked || !response.headers().contains("content-length"));
        current.head(status, response.headers());
        if (!leaves || call != current) {
            return;
        }
        streaming = true;
        chunks = chunked ? new ChunkedBody() : null;
        wire().pipeline().remove(ResponseDecoder.class); // hands on, within this call, what it has read already
    }

    private void content(OpenCall current, HttpContent content) {
        if (failedDecoding(content.decoderResult())) {
            return;
        }
        boolean last = content instanceof LastHttpContent;
        if (interim) {
            interim = !last;
            return;
        }
        content(current, content.content(), last);
    }

    private void content(OpenCall current, ByteBuf bytes, boolean last) {
        if (bytes.isReadable()) {
            current.data(bytes);
        }
        if (last && call == current) {
            call = null;
            if (keepAlive && current.isWritten() && wire().channel().isActive()) {
                if (current.isPaused()) {
                    reading(true);
                }
                answered = true;
            } else {
                drop();
            }
            current.end();
        }
    }

    private void stream(OpenCall current, ByteBuf bytes) {
        current.answerBegan();
        ChunkedBody framing = chunks;
        if (framing == null) {
            current.data(bytes);
            return;
        }
        switch (framing.decode(bytes, current)) {
            case MORE -> {}
            case END -> {
                if (call == current) {
                    drop();
                    current.end();
                }
            }
            case BROKEN -> invalid("upstream sent a malformed chunk");
        }
    }

    private boolean failedDecoding(DecoderResult result) {
        if (!result.isFailure()) {
            return false;
        }
        if (result.cause() instanceof PrematureChannelClosureException) {
            fail("connection closed by the upstream within the headers");
            return true;
        }
        invalid("upstream does not speak HTTP: " + reason(result.cause()));
        return true;
    }

    private void invalid(String reason) {
        OpenCall current = call;
        drop();
        if (current != null) {
            current.failed(Fate.INVALID, reason);
        }
    }

    void fail(String reason) {
        OpenCall current = call;
        drop();
        if (current != null) {
            current.failed(reason);
        }
    }
}
