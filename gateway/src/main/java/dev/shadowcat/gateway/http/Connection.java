package dev.shadowcat.gateway.http;

import dev.shadowcat.gateway.net.PlainMessage;
import dev.shadowcat.gateway.net.SocketFootprint;
import dev.shadowcat.memory.Footprint;
import dev.shadowcat.memory.Measured;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's connection: requests come in one after the other, each with its whole body, and answers go out. On its event
 * loop, all of it. It has no timer, no queue and no map of its own; an idle one, and an idle stream on one, are this object.
 */
final class Connection extends ChannelInboundHandlerAdapter implements Measured {
    private static final Logger logger = LoggerFactory.getLogger(Connection.class);

    /** What a declared length is trusted for before as much has come: allocating on a promise is cheap to abuse. */
    private static final int TRUSTED_LENGTH = 64 << 10;

    private static final int FIRST_BODY_BYTES = 1 << 10;
    /** Bodies up to here are copied behind their head, so that an answer is one buffer; larger ones follow it. */
    private static final int COPIED_BODY = 8 << 10;
    /** How long a refused client may go on sending, so that it gets to read the answer instead of a reset. */
    private static final int LINGER_MILLIS = 2_000;

    private static final ByteBuf CONTINUE = Unpooled.unreleasableBuffer(Unpooled.directBuffer()
            .writeBytes("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII))
            .asReadOnly());

    private enum State {
        /** Nothing has come yet. */
        FRESH,
        /** Between two requests. */
        IDLE,
        /** A request's head is coming. */
        HEAD,
        /** A request's body is coming. */
        BODY,
        /** The handler has the request. */
        SERVING,
        /** The last answer is on its way, then the connection closes. */
        CLOSING,
        /** The last answer went out before all of the request was read; what still comes is thrown away. */
        LINGERING
    }

    private final ListenerContext listener;
    private final LoopConnections neighbours;

    @Nullable
    Connection previous; // of neighbours

    @Nullable
    Connection next; // of neighbours

    private @Nullable ChannelHandlerContext context;
    private @Nullable RequestDecoder decoder;
    private @Nullable ServedExchange exchange;
    private State state = State.FRESH;
    private int since;
    private int declaredLength;
    private int stallMark;
    private int stalledSince;
    private boolean keepAlive;
    private boolean version10;
    private boolean flushWaits;
    private boolean flushing;

    Connection(ListenerContext listener, LoopConnections neighbours) {
        this.listener = listener;
        this.neighbours = neighbours;
    }

    void decoder(RequestDecoder first) {
        decoder = first;
    }

    EventLoop loop() {
        return neighbours.loop();
    }

    String remote() {
        return channel().remoteAddress() instanceof InetSocketAddress address
                ? address.getAddress().getHostAddress() + ':' + address.getPort()
                : "unknown";
    }

    boolean writable() {
        return channel().isWritable();
    }

    // The life of the connection.

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
        since = neighbours.now();
        neighbours.add(this);
    }

    @Override
    public void channelActive(ChannelHandlerContext active) {
        if (!listener.admits()) {
            refuse(503, "too many connections", null);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext inactive) {
        neighbours.remove(this);
        ServedExchange open = exchange;
        try {
            if (open != null) {
                exchange = null;
                listener.budget().giveBack(open.forgetBody());
                open.ended(true);
            }
        } finally {
            // Last: whoever waits for the last connection may rely on what its end brought about.
            listener.connectionClosed();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext failing, Throwable cause) {
        if (cause instanceof IOException) {
            logger.debug("Connection of {} broke: {}", remote(), cause.getMessage());
        } else {
            logger.warn("Connection of {} closed after a failure", remote(), cause);
        }
        close();
    }

    /** Whether it has brought a request whose answer has not begun. */
    boolean awaitsAnswer() {
        ServedExchange open = exchange;
        return state == State.SERVING && open != null && !open.isAnswered();
    }

    /**
     * Stops waiting for another request.
     *
     * @return whether it did
     */
    boolean closeIfIdle() {
        ChannelHandlerContext at = context;
        boolean idle = at != null && at.channel().isOpen() && (state == State.IDLE || state == State.FRESH);
        if (idle) {
            close();
        }
        return idle;
    }

    void close() {
        ChannelHandlerContext at = context;
        if (at != null) {
            var _ = at.close();
        }
    }

    /** Called at each sweep. */
    void checkTime() {
        if (hasStalled()) {
            logger.debug(
                    "Connection of {} cut: it took no byte for {}",
                    remote(),
                    listener.timeouts().stalledWrite());
            close();
            return;
        }
        int elapsed = neighbours.elapsed(since);
        switch (state) {
            case FRESH -> closeAfter(elapsed, listener.headerMillis());
            case IDLE -> closeAfter(elapsed, listener.idleMillis());
            case HEAD -> refuseAfter(elapsed, listener.headerMillis(), "the request's headers took too long");
            case BODY -> refuseAfter(elapsed, listener.bodyMillis(), "the request's body took too long");
            case LINGERING -> closeAfter(elapsed, LINGER_MILLIS);
            case SERVING, CLOSING -> {}
        }
    }

    private void closeAfter(int elapsed, int limit) {
        if (elapsed >= limit) {
            close();
        }
    }

    private void refuseAfter(int elapsed, int limit, String message) {
        if (elapsed >= limit) {
            refuse(408, message, null);
        }
    }

    /** Whether the client has taken nothing of what waits for it for too long. */
    private boolean hasStalled() {
        ChannelOutboundBuffer waiting = channel().unsafe().outboundBuffer();
        Object current = waiting == null ? null : waiting.current();
        if (waiting == null || current == null) {
            stallMark = 0;
            return false;
        }
        // The front of the queue and how much of it went out: it changes with every byte that is taken, and with none
        // that
        // is added behind.
        int mark = (System.identityHashCode(current) * 31 + (int) waiting.currentProgress()) | 1;
        if (mark != stallMark) {
            stallMark = mark;
            stalledSince = neighbours.now();
            return false;
        }
        return neighbours.now() - stalledSince >= listener.stallMillis();
    }

    // Requests coming in.

    /** Says whether a request begins with the bytes that came. */
    boolean bytesCame() {
        if (state == State.IDLE) {
            since = neighbours.now();
        } else if (state != State.FRESH) {
            return false;
        }
        state = State.HEAD;
        return true;
    }

    /** Takes what came if it is a whole request and nothing unusual, past the decoder; false leaves it for the decoder. */
    boolean plainCame(ByteBuf bytes) {
        PlainMessage plain = neighbours.plain();
        if (!plain.readRequest(bytes)) {
            return false;
        }
        bytes.release();
        byte[] body = plain.body();
        headCame(new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, plain.target(), plain.headers(), false));
        ServedExchange arriving = exchange;
        if (state == State.BODY && arriving != null && takeWhole(arriving, body)) {
            serve(arriving);
        }
        return true;
    }

    @Override
    public void channelRead(ChannelHandlerContext reading, Object message) {
        try {
            switch (message) {
                case HttpRequest request -> headCame(request);
                case HttpContent content -> bodyCame(content);
                // A stream's connection is not used again, so whatever comes on it is a breach.
                default -> close();
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void headCame(HttpRequest request) {
        DecoderResult result = request.decoderResult();
        if (result.isFailure()) {
            refuse(HeadRules.undecodable(result.cause()), request.headers());
            return;
        }
        HttpVersion version = request.protocolVersion();
        version10 = version.majorVersion() == 1 && version.minorVersion() == 0;
        HttpHeaders headers = request.headers();
        keepAlive = HttpUtil.isKeepAlive(request);
        ServedExchange arriving = new ServedExchange(this, request.method(), request.uri(), headers);
        exchange = arriving;
        state = State.BODY;
        since = neighbours.now();
        Refusal broken = HeadRules.broken(version, arriving);
        if (broken != null) {
            refuse(broken, headers);
            return;
        }
        long length = HttpUtil.getContentLength(request, -1L);
        if (length > listener.limits().maxRequestBytes()) {
            refuseTooLarge();
            return;
        }
        declaredLength = (int) length;
        String expectation = version10 ? null : headers.get(HttpHeaderNames.EXPECT);
        if (expectation != null) {
            meet(expectation, headers);
        }
    }

    private void meet(String expectation, HttpHeaders headers) {
        if (!HttpHeaderValues.CONTINUE.contentEqualsIgnoreCase(expectation)) {
            refuse(417, "the only expectation met is 100-continue", headers);
        } else if (declaredLength != 0) {
            write(CONTINUE.duplicate());
            flush();
        }
    }

    private void bodyCame(HttpContent content) {
        ServedExchange arriving = exchange;
        if (state != State.BODY || arriving == null) {
            return;
        }
        if (content.decoderResult().isFailure()) {
            refuse(400, "the request's body is not well-formed", arriving.headers());
            return;
        }
        ByteBuf bytes = content.content();
        if (bytes.isReadable() && !append(arriving, bytes)) {
            return;
        }
        if (content instanceof LastHttpContent) {
            serve(arriving);
        }
    }

    private boolean append(ServedExchange arriving, ByteBuf bytes) {
        ByteBuf body = arriving.body();
        int max = listener.limits().maxRequestBytes();
        long size = (long) body.readableBytes() + bytes.readableBytes();
        if (size > max) {
            refuseTooLarge();
            return false;
        }
        int reserved = arriving.reserved();
        if (size > reserved) {
            int capacity = Math.min(max, capacityFor((int) size, reserved));
            if (!listener.budget().take(capacity - reserved)) {
                refuseOverBudget(arriving);
                return false;
            }
            if (reserved == 0) {
                body = channel().alloc().heapBuffer(capacity, max);
            } else {
                body.capacity(capacity);
            }
            arriving.body(body, capacity);
        }
        body.writeBytes(bytes);
        return true;
    }

    private boolean takeWhole(ServedExchange arriving, byte[] body) {
        if (!listener.budget().take(body.length)) {
            refuseOverBudget(arriving);
            return false;
        }
        arriving.body(Unpooled.wrappedBuffer(body), body.length);
        return true;
    }

    private void refuseOverBudget(ServedExchange arriving) {
        refuse(503, "too many request bytes in flight", arriving.headers());
    }

    private int capacityFor(int size, int reserved) {
        if (declaredLength >= size && (declaredLength <= TRUSTED_LENGTH || size > TRUSTED_LENGTH)) {
            return declaredLength;
        }
        if (declaredLength >= size) {
            return TRUSTED_LENGTH;
        }
        return Math.max(Math.max(size, FIRST_BODY_BYTES), reserved * 2);
    }

    private void serve(ServedExchange arrived) {
        state = State.SERVING;
        RequestDecoder decoding = decoder;
        if (decoding != null) {
            decoding.hold();
        }
        try {
            listener.handler().handle(arrived);
        } catch (RuntimeException e) {
            logger.error("A request of {} failed", remote(), e);
            arrived.respond(
                    500, ErrorBody.headers(), ErrorBody.of(ErrorBody.INTERNAL_ERROR, "internal error in the gateway"));
        }
    }

    // Answers going out.

    void respond(ServedExchange answered, int status, HttpHeaders headers, ByteBuf body) {
        if (answered != exchange) {
            body.release();
            return;
        }
        answered.status(status);
        boolean closes = !keepAlive || listener.ending();
        try {
            writeWhole(answered.method(), status, headers, body, closes);
        } finally {
            body.release();
        }
        end(answered, closes);
    }

    private void writeWhole(HttpMethod method, int status, HttpHeaders headers, ByteBuf body, boolean closes) {
        int length = body.readableBytes();
        boolean bodiless = status == 204 || status == 304;
        ResponseHead head = neighbours.head().begin(status, headers);
        if (!bodiless) {
            head.contentLength(length);
        }
        if (closes) {
            head.close();
        } else if (version10) {
            head.keepAlive();
        }
        head.end();
        if (bodiless || HttpMethod.HEAD.equals(method)) {
            length = 0;
        }
        boolean copied = length <= COPIED_BODY;
        ByteBuf first = allocate(head.length() + (copied ? length : 0));
        head.writeTo(first);
        if (copied) {
            first.writeBytes(body, body.readerIndex(), length);
            write(first);
        } else {
            write(first);
            write(body.retain());
        }
    }

    void startStream(ServedExchange answered, int status, HttpHeaders headers, boolean longLived) {
        if (answered != exchange) {
            return;
        }
        answered.status(status);
        keepAlive = keepAlive && !longLived && !version10 && !listener.ending();
        ResponseHead head = neighbours.head().begin(status, headers);
        if (!version10) {
            head.chunked();
        }
        if (!keepAlive) {
            head.close();
        }
        head.end();
        answered.streaming(!version10);
        head.writeTo(answered.gather(head.length()));
        RequestDecoder decoding = decoder;
        // What the caller writes next, often at once, shares the head's way to the socket.
        if (decoding == null || !decoding.decoding()) {
            loop().execute(answered);
        }
        if (longLived) {
            answered.forgetHead();
            listener.budget().giveBack(answered.forgetBody());
            removeDecoder();
        }
    }

    private void removeDecoder() {
        RequestDecoder removed = decoder;
        if (removed != null) {
            decoder = null;
            channel().pipeline().remove(removed);
        }
    }

    /** Each exchange says so once, at its end. */
    void served(HttpMethod method, int status, long nanos) {
        listener.handler().served(method, status, nanos);
    }

    /** A stream's last byte was written. */
    void finished(ServedExchange answered) {
        end(answered, !keepAlive);
    }

    /** @param byReset where only a reset tells the client that something is missing */
    void abort(ServedExchange answered, boolean byReset) {
        if (answered != exchange) {
            return;
        }
        exchange = null;
        listener.budget().giveBack(answered.forgetBody());
        answered.ended(false);
        state = State.CLOSING;
        if (byReset) {
            channel().config().setOption(ChannelOption.SO_LINGER, 0);
        }
        close();
    }

    private void end(ServedExchange answered, boolean closes) {
        exchange = null;
        listener.budget().giveBack(answered.forgetBody());
        answered.ended(false);
        if (closes) {
            state = State.CLOSING;
            writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
            return;
        }
        state = State.IDLE;
        since = neighbours.now();
        RequestDecoder decoding = decoder;
        if (decoding != null && decoding.decoding() && writable()) {
            // More may be answered from the same read; all of it is flushed when that has been decoded.
            flushWaits = true;
        } else {
            flush();
        }
        if (writable()) {
            nextRequest();
        }
    }

    private void nextRequest() {
        RequestDecoder decoding = decoder;
        ChannelHandlerContext at = context;
        if (decoding != null && at != null) {
            decoding.release(at);
        }
    }

    /** Called when a read has been decoded. */
    void flushWaiting() {
        if (flushWaits) {
            flush();
        }
        ServedExchange open = exchange;
        if (open != null) {
            open.run();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext changed) {
        if (!writable()) {
            return;
        }
        ServedExchange open = exchange;
        if (open == null) {
            if (state == State.IDLE) {
                nextRequest();
            }
        } else if (open.isStreaming()) {
            if (flushing) {
                // Not from inside the flush that made room: whoever called it may not be ready for it.
                loop().execute(() -> tellWritable(open));
            } else {
                tellWritable(open);
            }
        }
    }

    private void tellWritable(ServedExchange open) {
        ExchangeListener told = open.listener();
        if (told != null && writable()) {
            told.writableAgain();
        }
    }

    // The listener's own refusals. All of them close the connection: what the client sent is not read to its end.

    private void refuseTooLarge() {
        ServedExchange arriving = exchange;
        refuse(
                413,
                "the request's body is over max-request-bytes ("
                        + listener.limits().maxRequestBytes() + ")",
                arriving == null ? null : arriving.headers());
    }

    private void refuse(Refusal why, HttpHeaders request) {
        refuse(why.status(), why.message(), request);
    }

    private void refuse(int status, String message, @Nullable HttpHeaders request) {
        HttpHeaders headers = ErrorBody.headers();
        if (status == 503) {
            headers.add(HttpHeaderNames.RETRY_AFTER, AsciiString.cached("1"));
        }
        ServedExchange refused = exchange;
        HttpHeaders seen = request == null && refused != null ? refused.headers() : request;
        if (seen != null) {
            listener.handler().refusing(seen, headers);
        }
        HttpMethod method = refused == null ? HttpMethod.POST : refused.method();
        ByteBuf body = ErrorBody.of(ErrorBody.INVALID_REQUEST, message);
        try {
            writeWhole(method, status, headers, body, true);
        } finally {
            body.release();
        }
        if (refused != null) {
            exchange = null;
            refused.claimForListener();
            refused.status(status);
            listener.budget().giveBack(refused.forgetBody());
            refused.ended(false);
        }
        linger();
    }

    /** Closing with unread input makes the kernel send a reset, which can destroy the answer before it is read. */
    private void linger() {
        state = State.LINGERING;
        since = neighbours.now();
        RequestDecoder decoding = decoder;
        ChannelHandlerContext at = context;
        if (decoding != null && at != null) {
            decoding.discard(at);
        }
        writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(SHUTDOWN_OUTPUT);
    }

    private static final ChannelFutureListener SHUTDOWN_OUTPUT = Connection::shutdownOutput;

    private static void shutdownOutput(ChannelFuture written) {
        if (written.isSuccess() && written.channel() instanceof DuplexChannel channel) {
            var _ = channel.shutdownOutput();
        } else {
            var _ = written.channel().close();
        }
    }

    @Override
    public void measure(Footprint footprint) {
        footprint.add(this).add(decoder);
        SocketFootprint.add(channel(), footprint);
        SocketFootprint.addAddress(footprint); // the client's
    }

    // The channel.

    private Channel channel() {
        ChannelHandlerContext at = context;
        if (at == null) {
            throw new IllegalStateException("not in a pipeline yet");
        }
        return at.channel();
    }

    ByteBuf allocate(int bytes) {
        return channel().alloc().ioBuffer(bytes);
    }

    void write(ByteBuf bytes) {
        ChannelHandlerContext at = context;
        if (at == null) {
            bytes.release();
        } else {
            var _ = at.write(bytes, at.voidPromise());
        }
    }

    void flush() {
        flushWaits = false;
        ChannelHandlerContext at = context;
        if (at != null) {
            flushing = true;
            at.flush();
            flushing = false;
        }
    }

    private ChannelFuture writeAndFlush(ByteBuf bytes) {
        flushWaits = false;
        return channel().pipeline().writeAndFlush(bytes);
    }
}
