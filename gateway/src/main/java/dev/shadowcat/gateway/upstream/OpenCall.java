package dev.shadowcat.gateway.upstream;

import dev.shadowcat.gateway.upstream.UpstreamFailure.Fate;
import dev.shadowcat.memory.Footprint;
import dev.shadowcat.observe.ErrorType;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelProgressiveFuture;
import io.netty.channel.ChannelProgressiveFutureListener;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * One request and what is known of it: tells the listener, and keeps the promise that nothing comes after the last word. It
 * also hears from the socket how many of its bytes were taken, because a failed write says nothing of a part that went out.
 */
final class OpenCall implements UpstreamCall, ChannelProgressiveFutureListener {
    private final UpstreamListener listener;
    private final CallMeter meter;
    private final HttpMethod method;
    private final long begunNanos;
    private final boolean longLived;
    private @Nullable ByteBuf head; // until it is written
    private @Nullable ByteBuf body; // likewise, where it is not a part of the head
    private @Nullable UpstreamConnection connection;
    private int writes; // under way
    private short status; // 0 until the answer begins
    private boolean taken;
    private boolean began;
    private boolean paused;
    private boolean over;

    OpenCall(
            UpstreamListener listener,
            UpstreamRequest request,
            CallMeter meter,
            @Nullable ByteBuf head,
            @Nullable ByteBuf body) {
        this.listener = listener;
        this.meter = meter;
        this.method = request.method();
        this.begunNanos = System.nanoTime();
        this.longLived = request.longLived();
        this.head = head;
        this.body = body;
    }

    @Override
    public void reading(boolean on) {
        if (over || paused == !on) {
            return;
        }
        paused = !on;
        if (connection != null) {
            connection.reading(on);
        }
    }

    @Override
    public void close(ErrorType why) {
        if (over) {
            return;
        }
        UpstreamConnection used = connection;
        finish(why);
        if (used != null) {
            used.drop();
        }
    }

    @Override
    public void measure(Footprint footprint) {
        footprint.add(this).measured(connection);
    }

    /** The connection that the request goes out on; one after the other where a host has several addresses. */
    void on(UpstreamConnection connection) {
        this.connection = connection;
    }

    ByteBuf takeHead() {
        ByteBuf bytes = head;
        if (bytes == null) {
            throw new IllegalStateException("written twice");
        }
        head = null;
        return bytes;
    }

    @Nullable
    ByteBuf takeBody() {
        ByteBuf bytes = body;
        body = null;
        return bytes;
    }

    void writing(int count) {
        writes = count;
    }

    @Override
    public void operationProgressed(ChannelProgressiveFuture write, long progress, long total) {
        if (progress > 0) {
            taken = true;
        }
    }

    @Override
    public void operationComplete(ChannelProgressiveFuture write) {
        if (write.isSuccess()) {
            taken = true;
            writes--;
            return;
        }
        if (!(write.cause() instanceof IOException)) {
            // Reading tells of a broken socket, and may bring an answer first; of anything else nobody would tell.
            write.channel().eventLoop().execute(() -> broken(write.cause()));
        }
    }

    /** Hears of bytes below TLS; those of the handshake went out while the request was still waiting here. */
    void bytesTaken() {
        if (head == null) {
            taken = true;
        }
    }

    void answerBegan() {
        began = true;
    }

    /** Whether a byte of an answer has come, be it an interim one. */
    boolean hasBegun() {
        return began;
    }

    boolean isWritten() {
        return writes == 0;
    }

    boolean isLongLived() {
        return longLived;
    }

    boolean isPaused() {
        return paused;
    }

    boolean isOver() {
        return over;
    }

    void head(int answered, HttpHeaders headers) {
        status = (short) answered;
        listener.head(answered, headers);
    }

    void data(ByteBuf bytes) {
        listener.data(bytes);
    }

    void end() {
        finish(null);
        listener.end();
    }

    /** Fails with what is known of the request so far. */
    void failed(String reason) {
        failed(began ? Fate.BROKEN_OFF : taken ? Fate.UNANSWERED : Fate.NEVER_SENT, reason);
    }

    void failed(Fate fate, String reason) {
        if (over) {
            return;
        }
        finish(fate.errorType());
        listener.failed(new UpstreamFailure(fate, reason));
    }

    private void broken(Throwable cause) {
        if (connection != null) {
            connection.fail(UpstreamConnection.reason(cause));
        }
    }

    private void finish(@Nullable ErrorType failure) {
        over = true;
        meter.ended(method, longLived, status, failure, System.nanoTime() - begunNanos);
        connection = null;
        if (head != null) {
            head.release();
            head = null;
        }
        if (body != null) {
            body.release();
            body = null;
        }
    }
}
