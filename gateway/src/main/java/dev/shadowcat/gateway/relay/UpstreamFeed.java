package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.upstream.UpstreamCall;
import dev.shadowcat.mcp.McpErrors;
import dev.shadowcat.session.EventStream;
import dev.shadowcat.session.Received;
import dev.shadowcat.sse.SseDecoder;
import dev.shadowcat.sse.SseEvent;
import dev.shadowcat.sse.SseHandler;
import dev.shadowcat.sse.SseLimitException;
import io.netty.buffer.ByteBuf;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The bytes of one upstream connection on their way into a stream. The session's loop only. */
final class UpstreamFeed implements SseHandler {
    private static final long DEFAULT_RETRY_MILLIS = 500;
    private static final long MAX_RETRY_MILLIS = 10_000;

    private final RelaySession session;
    private final EventStream stream;
    private final SseDecoder decoder;
    private final Runnable whenBroken;
    private UndecodedBytes.@Nullable Share undecoded; // only while an event is half received
    private long retryMillis = DEFAULT_RETRY_MILLIS;
    private boolean progressed;
    private boolean over;

    /** @param whenBroken leaves the connection, which is of no use any more; the stream has its error by then */
    UpstreamFeed(RelaySession session, EventStream stream, int maxEventBytes, Runnable whenBroken) {
        this.session = session;
        this.stream = stream;
        this.decoder = new SseDecoder(maxEventBytes);
        this.whenBroken = whenBroken;
    }

    /** Takes bytes, and stops the reading of more while the queue has no room. */
    void feed(ByteBuf bytes, @Nullable UpstreamCall call) {
        if (over) {
            return;
        }
        try {
            decoder.feed(bytes.nioBuffer(), this);
        } catch (SseLimitException tooLarge) {
            broken("An event of the MCP server broke a limit: " + tooLarge.getMessage());
            return;
        }
        count(over ? 0 : decoder.bufferedBytes());
        if (!over && call != null && session.blocked()) {
            call.reading(false);
            session.whenRoom(() -> call.reading(true));
        }
    }

    private void count(int bytes) {
        if (bytes == 0) {
            release();
            return;
        }
        if (undecoded == null) {
            undecoded = session.relay()
                    .undecoded()
                    .share(
                            session.loop(),
                            () -> broken("The MCP server's half-received events are larger than max-undecoded-bytes."));
        }
        undecoded.holds(bytes);
    }

    /** The connection ended: what it held of an event is nothing any more. */
    void release() {
        if (undecoded != null) {
            undecoded.release();
            undecoded = null;
        }
    }

    @Override
    public void event(SseEvent event) {
        if (over) {
            return;
        }
        Received received = stream.receive(event.ownId(), event.data());
        if (received == Received.MALFORMED) {
            malformed();
            return;
        }
        progressed |= received == Received.RECORDED || received == Received.CURSOR_MOVED;
    }

    /** Nobody waits for one particular event of the standalone stream: it goes on without. */
    private void malformed() {
        if (stream.standalone()) {
            session.relay().observer().strayDropped();
            return;
        }
        broken("The MCP server sent an event that is not JSON-RPC.");
    }

    private void broken(String reason) {
        if (over) {
            return;
        }
        over = true;
        release();
        if (!stream.standalone()) {
            stream.fail(McpErrors.INTERNAL_ERROR, reason, Map.of("outcome", "unknown"));
        }
        whenBroken.run();
    }

    @Override
    public void retry(long millis) {
        retryMillis = Math.min(MAX_RETRY_MILLIS, millis);
    }

    /** What the upstream wants us to wait before we reconnect. */
    long retryMillis() {
        return retryMillis;
    }

    /** Whether anything new came through it. */
    boolean progressed() {
        return progressed;
    }
}
