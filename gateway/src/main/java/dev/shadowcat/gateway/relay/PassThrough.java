package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.http.Exchange;
import dev.shadowcat.gateway.http.ExchangeListener;
import dev.shadowcat.gateway.http.StreamedResponse;
import dev.shadowcat.gateway.telemetry.ClientOperation;
import dev.shadowcat.gateway.telemetry.ServerOperation;
import dev.shadowcat.gateway.upstream.UpstreamCall;
import dev.shadowcat.gateway.upstream.UpstreamFailure;
import dev.shadowcat.gateway.upstream.UpstreamListener;
import dev.shadowcat.gateway.upstream.UpstreamRequest;
import dev.shadowcat.gateway.upstream.UpstreamRequest.Reuse;
import dev.shadowcat.mcp.McpErrors;
import dev.shadowcat.mcp.Messages;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.observe.ErrorType;
import dev.shadowcat.session.SessionLoop;
import dev.shadowcat.sse.SseEncoder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaders;
import org.jspecify.annotations.Nullable;

/**
 * One request passed to the upstream as it is, and its answer back as it comes: the stateless era, where a client that leaves
 * has cancelled (2026-07-28, basic/transports). The loop of the client's connection only.
 */
final class PassThrough implements UpstreamListener, ExchangeListener {
    private static final long TICK_MILLIS = 1_000;

    private final Relay relay;
    private final Upstream target;
    private final Exchange exchange;
    private final @Nullable RequestId id;
    private final @Nullable ServerOperation operation;
    private @Nullable UpstreamCall call;
    private @Nullable StreamedResponse response;
    private SessionLoop.@Nullable Timer timer; // until the answer begins
    private boolean holdsSlot;
    private boolean over;
    private boolean insideEvent;
    private int status;
    private long lastWriteMillis;

    /** @param operation what the request is, where it is a message */
    PassThrough(
            Relay relay,
            Upstream target,
            Exchange exchange,
            @Nullable RequestId id,
            @Nullable ServerOperation operation) {
        this.relay = relay;
        this.target = target;
        this.exchange = exchange;
        this.id = id;
        this.operation = operation;
    }

    void start() {
        if (!target.slots().tryAcquire()) {
            Answers.busy(exchange, "Too many requests are under way to the MCP server (max-concurrent-calls)");
            return;
        }
        holdsSlot = true;
        exchange.listener(this);
        timer = relay.loop(exchange.loop())
                .after(target.settings().answerTimeout().toMillis(), this::noAnswer);
        HttpHeaders headers =
                ForwardedHeaders.request(exchange.headers(), target.settings().headers());
        ByteBuf body = traced(headers);
        call = target.client()
                .send(
                        exchange.loop(),
                        new UpstreamRequest(exchange.method(), target.target(), headers, body, Reuse.RECENT, false),
                        this);
    }

    /** The body, with the trace in it. */
    private ByteBuf traced(HttpHeaders headers) {
        ByteBuf body = exchange.body();
        if (operation == null) {
            return body.retainedDuplicate();
        }
        ClientOperation sent = operation.sending(target.peer(), null, id);
        if (!relay.operations().tracing()) {
            return body.retainedDuplicate();
        }
        sent.inject(headers);
        byte[] bytes = new byte[body.readableBytes()];
        body.getBytes(body.readerIndex(), bytes);
        return Unpooled.wrappedBuffer(sent.inject(bytes));
    }

    @Override
    public void head(int answered, HttpHeaders received) {
        status = answered;
        stopTimer();
        HttpHeaders headers = Answers.passed(relay, target, received);
        boolean sse = MessageExchange.isEventStream(received);
        if (sse) {
            headers.set("x-accel-buffering", "no");
        }
        StreamedResponse begun = exchange.startStream(status, headers, false);
        response = begun;
        lastWriteMillis = relay.passedMillis();
        if (sse) {
            relay.loop(exchange.loop()).after(TICK_MILLIS, this::beat);
        }
    }

    private void noAnswer() {
        timer = null;
        if (over) {
            return;
        }
        leave();
        if (call != null) {
            call.close(ErrorType.TIMEOUT);
        }
        String reason = "The MCP server did not begin its answer within answer-timeout.";
        fail(504, ErrorType.TIMEOUT, reason);
    }

    private void stopTimer() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }

    private void leave() {
        over = true;
        stopTimer();
        if (holdsSlot) {
            holdsSlot = false;
            target.slots().release();
        }
    }

    private void beat() {
        if (over || response == null) {
            return;
        }
        long now = relay.passedMillis();
        boolean quiet =
                now - lastWriteMillis >= relay.settings().streams().heartbeat().toMillis();
        if (quiet && !insideEvent && response.writable()) {
            lastWriteMillis = now;
            response.write(Unpooled.wrappedBuffer(SseEncoder.keepalive()));
            response.flush();
        }
        relay.loop(exchange.loop()).after(TICK_MILLIS, this::beat);
    }

    @Override
    public void data(ByteBuf bytes) {
        if (response != null && !over) {
            lastWriteMillis = relay.passedMillis();
            insideEvent = !endsWithBlankLine(bytes, insideEvent);
            response.write(bytes.retainedSlice());
            response.flush();
            if (!response.writable() && call != null) {
                call.reading(false);
            }
        }
    }

    /** Whether a comment may follow: between two events, never in one that comes in pieces. Where in doubt, it may not. */
    private static boolean endsWithBlankLine(ByteBuf bytes, boolean insideEvent) {
        int end = bytes.writerIndex();
        int readable = bytes.readableBytes();
        if (readable == 0) {
            return !insideEvent;
        }
        if (bytes.getByte(end - 1) != '\n') {
            return false;
        }
        boolean lineFeeds = readable >= 2 && bytes.getByte(end - 2) == '\n';
        return lineFeeds || (readable >= 4 && bytes.getByte(end - 3) == '\n' && bytes.getByte(end - 4) == '\r');
    }

    @Override
    public void writableAgain() {
        if (call != null) {
            call.reading(true);
        }
    }

    @Override
    public void end() {
        leave();
        if (operation != null) {
            operation.responded(status);
        }
        if (response != null) {
            response.finish();
        }
    }

    @Override
    public void failed(UpstreamFailure failure) {
        leave();
        ErrorType errorType = failure.fate().errorType();
        if (response == null) {
            fail(502, errorType, "The MCP server gave no answer: " + failure.reason());
            return;
        }
        if (operation != null) {
            operation.lost(errorType);
        }
        response.abort();
    }

    private void fail(int answered, ErrorType errorType, String reason) {
        if (operation != null) {
            operation.upstreamFailed(errorType);
            if (!operation.isNotification()) {
                operation.failed(McpErrors.SERVER_ERROR, reason);
            }
        }
        Answers.json(exchange, answered, Answers.headers(), Messages.error(id, McpErrors.SERVER_ERROR, reason));
    }

    @Override
    public void clientGone() {
        leave();
        if (operation != null) {
            operation.cancelled();
        }
        if (call != null) {
            call.close();
        }
    }
}
