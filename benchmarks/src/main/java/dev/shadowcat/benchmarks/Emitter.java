package dev.shadowcat.benchmarks;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Emits events round-robin on the open standalone streams, each with the time of its write: at a paced total rate, or as many
 * as are taken. A stream whose reader does not keep up is passed over, so that what waits here is bounded. On the upstream's
 * event loop.
 */
final class Emitter {
    private static final long SHORTEST_PAUSE_NANOS = 200_000;
    /** Written before sockets get their turn. */
    private static final int TURN_EVENTS = 1_000;

    private final EventLoop loop;
    private final UpstreamSessions sessions;
    private final List<ChannelHandlerContext> touched = new ArrayList<>();
    private int bytes;
    private long intervalNanos;
    private long nextAt;
    private long left;
    private long emitted;
    private int turn;

    Emitter(EventLoop loop, UpstreamSessions sessions) {
        this.loop = loop;
        this.sessions = sessions;
    }

    /**
     * Begins to emit {@code events} events; what is still left of an earlier order is dropped.
     *
     * @param eventsPerSecond 0 for as many as are taken
     */
    void start(double eventsPerSecond, long events, int payloadBytes) {
        boolean idle = left == 0;
        intervalNanos = eventsPerSecond == 0 ? 0 : Math.max(1, (long) (1e9 / eventsPerSecond));
        bytes = payloadBytes;
        left = events;
        nextAt = System.nanoTime();
        if (idle && events > 0) {
            loop.execute(this::emitDue);
        }
    }

    long left() {
        return left;
    }

    long emitted() {
        return emitted;
    }

    private void emitDue() {
        List<UpstreamSession> streaming = sessions.streaming();
        long now = System.nanoTime();
        int full = 0; // streams in a row that took nothing
        int emittedNow = 0;
        while (left > 0 && nextAt - now <= 0 && full < streaming.size() && emittedNow < TURN_EVENTS) {
            turn = turn + 1 < streaming.size() ? turn + 1 : 0;
            if (!emit(streaming.get(turn))) {
                full++;
                continue;
            }
            full = 0;
            emittedNow++;
            nextAt += intervalNanos;
            left--;
        }
        for (ChannelHandlerContext stream : touched) {
            stream.flush();
        }
        touched.clear();
        if (streaming.isEmpty()) {
            left = 0;
        }
        if (left > 0) {
            long pause = emittedNow == TURN_EVENTS ? 0 : Math.max(SHORTEST_PAUSE_NANOS, nextAt - System.nanoTime());
            var _ = loop.schedule(this::emitDue, pause, TimeUnit.NANOSECONDS);
        }
    }

    private boolean emit(UpstreamSession session) {
        ChannelHandlerContext stream = session.stream;
        if (stream == null || !stream.channel().isWritable()) {
            return false;
        }
        session.emitted++;
        emitted++;
        ByteBuf chunk = UpstreamAnswers.emittedEvent(stream.alloc(), session.emitted, System.nanoTime(), bytes);
        var _ = stream.write(chunk, stream.voidPromise());
        touched.add(stream);
        return true;
    }
}
