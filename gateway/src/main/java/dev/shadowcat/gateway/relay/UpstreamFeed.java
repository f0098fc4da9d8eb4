package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.upstream.UpstreamCall;
import dev.shadowcat.mcp.McpErrors;
import dev.shadowcat.mcp.Message;
import dev.shadowcat.mcp.MessageReader;
import dev.shadowcat.memory.Footprint;
import dev.shadowcat.memory.Measured;
import dev.shadowcat.session.EventStream;
import dev.shadowcat.session.Received;
import dev.shadowcat.sse.SseDecoder;
import dev.shadowcat.sse.SseEvent;
import dev.shadowcat.sse.SseHandler;
import dev.shadowcat.sse.SseLimitException;
import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The bytes of one upstream connection on their way into a stream. The session's loop only. */
final class UpstreamFeed implements SseHandler, Measured {
    private static final long DEFAULT_RETRY_MILLIS = 500;
    private static final long MAX_RETRY_MILLIS = 10_000;

    private final RelaySession session;
    private final EventStream stream;
    private final SseDecoder decoder;
    private final Runnable whenBroken;
    private UndecodedBytes.@Nullable Share undecoded; // only while an event is half received, or some are held
    private @Nullable ArrayDeque<SseEvent> held; // while the store is asked whether the first was recorded before
    private @Nullable UpstreamCall stopped; // whose reading goes on when none is held
    private @Nullable Runnable whenSettled;
    private int heldBytes;
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
        count();
        if (!over && call != null) {
            if (held != null) {
                call.reading(false);
                stopped = call;
            } else {
                stopWhileBlocked(call);
            }
        }
    }

    private void stopWhileBlocked(UpstreamCall call) {
        if (session.blocked()) {
            call.reading(false);
            session.whenRoom(() -> call.reading(true));
        }
    }

    /** Runs once all that came was taken; now, unless the store is being asked. Only the newest task is kept. */
    void whenSettled(Runnable task) {
        if (held == null) {
            task.run();
            return;
        }
        whenSettled = task;
    }

    private void count() {
        int bytes = over ? 0 : decoder.bufferedBytes() + heldBytes;
        if (bytes == 0) {
            letGo();
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
        held = null;
        heldBytes = 0;
        whenSettled = null;
        stopped = null;
        letGo();
    }

    private void letGo() {
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
        if (held != null) {
            held.addLast(event);
            heldBytes += event.data().length;
            return;
        }
        take(event);
    }

    private void take(SseEvent event) {
        Received received = stream.receive(event.ownId(), event.data());
        String id = event.ownId();
        if (received == Received.UNCERTAIN && id != null) {
            held = new ArrayDeque<>();
            held.addLast(event);
            heldBytes = event.data().length;
            stream.lookUp(id, this::lookedUp);
            return;
        }
        if (received == Received.MALFORMED) {
            malformed(event.data());
            return;
        }
        progressed |= received == Received.RECORDED || received == Received.CURSOR_MOVED;
    }

    /** The store has answered: what was held is taken, up to the next event that it must be asked about. */
    private void lookedUp() {
        ArrayDeque<SseEvent> waiting = held;
        if (waiting == null || over) {
            return; // the connection was left meanwhile
        }
        held = null;
        heldBytes = 0;
        while (held == null && !waiting.isEmpty() && !over) {
            take(waiting.removeFirst());
        }
        waiting.forEach(this::event);
        count();
        if (held == null && !over) {
            settled();
        }
    }

    private void settled() {
        UpstreamCall call = stopped;
        Runnable next = whenSettled;
        stopped = null;
        whenSettled = null;
        if (call != null) {
            call.reading(true);
            stopWhileBlocked(call);
        }
        if (next != null) {
            next.run();
        }
    }

    /** Nobody waits for one particular event of the standalone stream: it goes on without. */
    private void malformed(byte[] message) {
        if (stream.standalone()) {
            session.relay().observer().strayDropped();
            return;
        }
        String reason = MessageReader.read(message) instanceof Message.Malformed malformed ? malformed.reason() : "";
        broken("The MCP server sent an event that cannot be read: " + reason);
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

    @Override
    public void measure(Footprint footprint) {
        footprint.add(this).add(decoder).add(undecoded);
        if (decoder.bufferedBytes() > 0) {
            footprint.array(decoder.bufferedBytes(), Byte.BYTES);
        }
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
