package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.telemetry.ClientOperation;
import dev.shadowcat.gateway.upstream.UpstreamCall;
import dev.shadowcat.gateway.upstream.UpstreamFailure;
import dev.shadowcat.gateway.upstream.UpstreamFailure.Fate;
import dev.shadowcat.gateway.upstream.UpstreamListener;
import dev.shadowcat.gateway.upstream.UpstreamRequest.Reuse;
import dev.shadowcat.mcp.Message;
import dev.shadowcat.mcp.MessageReader;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.observe.ErrorType;
import dev.shadowcat.session.SessionLoop;
import dev.shadowcat.sse.SseDecoder;
import dev.shadowcat.sse.SseEvent;
import dev.shadowcat.sse.SseHandler;
import dev.shadowcat.sse.SseLimitException;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Sends one message to an upstream and reads its answer whole, be it JSON or SSE: for what the gateway has to understand
 * before anyone else sees it. Connecting is tried again for a while.
 */
final class MessageExchange implements UpstreamListener, SseHandler {
    private static final long RETRY_MILLIS = 250;

    private final Upstream upstream;
    private final NettyLoop loop;
    private final HttpHeaders headers;
    private final byte[] message;
    private final @Nullable RequestId id; // null where it is no request, which nothing answers
    private final ClientOperation operation;
    private final Consumer<Reply> then;
    private final SessionLoop.Timer timeout;
    private final List<byte[]> others = new ArrayList<>(0);
    private final CollectedBody body = new CollectedBody();
    private final long giveUpAtNanos;
    private @Nullable UpstreamCall call;
    private @Nullable SseDecoder decoder;
    private long messageBytes; // of those of an SSE answer
    private byte @Nullable [] answer;
    private int status;
    private HttpHeaders answerHeaders = Answers.headers();
    private boolean done;

    private MessageExchange(
            Upstream upstream,
            NettyLoop loop,
            HttpHeaders headers,
            byte[] message,
            ClientOperation operation,
            long connectMillis,
            long timeoutMillis,
            Consumer<Reply> then) {
        this.upstream = upstream;
        this.loop = loop;
        this.headers = headers.copy();
        this.operation = operation;
        operation.inject(this.headers);
        this.message = operation.inject(message);
        this.id = MessageReader.read(message) instanceof Message.Single single
                ? single.envelope().id()
                : null;
        this.then = then;
        this.giveUpAtNanos = System.nanoTime() + connectMillis * 1_000_000;
        this.timeout = loop.after(timeoutMillis, this::timedOut);
    }

    /**
     * Sends a message; {@code then} hears exactly once, on the loop.
     *
     * @param operation what the message is
     * @param connectMillis how long connecting is tried again
     * @param timeoutMillis until the whole answer must be there
     */
    static void send(
            Upstream upstream,
            NettyLoop loop,
            HttpHeaders headers,
            byte[] message,
            ClientOperation operation,
            long connectMillis,
            long timeoutMillis,
            Consumer<Reply> then) {
        new MessageExchange(upstream, loop, headers, message, operation, connectMillis, timeoutMillis, then).send();
    }

    private void send() {
        if (!done) {
            call = upstream.post(loop.loop(), headers, message, Reuse.RECENT, this);
        }
    }

    @Override
    public void head(int answerStatus, HttpHeaders received) {
        status = answerStatus;
        answerHeaders = received;
        if (isEventStream(received)) {
            decoder = new SseDecoder(upstream.settings().maxEventBytes());
        }
    }

    static boolean isEventStream(HttpHeaders headers) {
        String type = headers.get(HttpHeaderNames.CONTENT_TYPE);
        return type != null && type.regionMatches(true, 0, "text/event-stream", 0, "text/event-stream".length());
    }

    @Override
    public void data(ByteBuf bytes) {
        if (done) {
            return;
        }
        if (decoder != null) {
            try {
                decoder.feed(bytes.nioBuffer(), this);
            } catch (SseLimitException tooLarge) {
                finish(new UpstreamFailure(Fate.INVALID, String.valueOf(tooLarge.getMessage())));
            }
            return;
        }
        if (body.length() + bytes.readableBytes() > upstream.settings().maxResponseBytes()) {
            tooLarge();
            return;
        }
        body.add(bytes);
    }

    private void tooLarge() {
        finish(new UpstreamFailure(Fate.INVALID, "the answer is larger than max-response-bytes"));
    }

    @Override
    public void event(SseEvent event) {
        if (event.data().length == 0 || done) {
            return;
        }
        messageBytes += event.data().length;
        if (messageBytes > upstream.settings().maxResponseBytes()) {
            tooLarge();
            return;
        }
        sort(event.data());
        if (answer != null) {
            finish(null, null); // the rest of the stream, if any, is of no use to anyone
        }
    }

    /** An error without an id is the answer too: it is about what the upstream could not read. */
    private void sort(byte[] received) {
        if (id != null
                && MessageReader.read(received) instanceof Message.Single single
                && single.envelope().isAnswer()
                && (single.envelope().id() == null
                        || id.equals(single.envelope().id()))) {
            answer = received;
            operation.answered(single.envelope());
        } else {
            others.add(received);
        }
    }

    @Override
    public void retry(long millis) {}

    @Override
    public void end() {
        if (decoder == null && body.length() > 0) {
            sort(body.take());
        }
        finish(null, null);
    }

    @Override
    public void failed(UpstreamFailure failure) {
        if (!done && failure.fate() == Fate.NEVER_SENT && System.nanoTime() < giveUpAtNanos) {
            loop.after(RETRY_MILLIS, this::send);
            return;
        }
        finish(failure);
    }

    private void timedOut() {
        finish(new UpstreamFailure(Fate.UNANSWERED, "no answer within the time limit"), ErrorType.TIMEOUT);
    }

    private void finish(UpstreamFailure failure) {
        finish(failure, failure.fate().errorType());
    }

    private void finish(@Nullable UpstreamFailure failure, @Nullable ErrorType why) {
        if (done) {
            return;
        }
        done = true;
        timeout.cancel();
        if (call != null && (why != null || decoder != null)) {
            call.close(why == null ? ErrorType.CLOSED : why);
        }
        if (why != null) {
            operation.failed(why);
        } else {
            operation.answered(status); // too late where a message answered it: it ends once
        }
        then.accept(new Reply(status, answerHeaders, body.take(), answer, List.copyOf(others), failure));
    }
}
