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
    private long retryMillis = DEFAULT_RETRY_MILLIS;
    private boolean progressed;

    UpstreamFeed(RelaySession session, EventStream stream, int maxEventBytes) {
        this.session = session;
        this.stream = stream;
        this.decoder = new SseDecoder(maxEventBytes);
    }

    /** Takes bytes, and stops the reading of more while the queue has no room. */
    void feed(ByteBuf bytes, @Nullable UpstreamCall call) {
        try {
            decoder.feed(bytes.nioBuffer(), this);
        } catch (SseLimitException tooLarge) {
            broken("An event of the MCP server broke a limit: " + tooLarge.getMessage());
            if (call != null) {
                call.close();
            }
            return;
        }
        if (call != null && session.blocked()) {
            call.reading(false);
            session.whenRoom(() -> call.reading(true));
        }
    }

    @Override
    public void event(SseEvent event) {
        Received received = stream.receive(event.ownId(), event.data());
        if (received == Received.MALFORMED) {
            broken("The MCP server sent an event that is not JSON-RPC.");
            return;
        }
        progressed |= received == Received.RECORDED || received == Received.CURSOR_MOVED;
    }

    private void broken(String reason) {
        if (!stream.standalone()) {
            stream.fail(McpErrors.INTERNAL_ERROR, reason, Map.of("outcome", "unknown"));
        }
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
