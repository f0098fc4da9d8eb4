package dev.shadowcat.benchmarks;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Emits events round-robin on the open standalone streams at a paced total rate, each with the time of its write. On the
 * upstream's event loop.
 */
final class Emitter {
    private static final long SHORTEST_PAUSE_NANOS = 200_000;

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

    /** Begins to emit {@code events} events; what is still left of an earlier order is dropped. */
    void start(double eventsPerSecond, long events, int payloadBytes) {
        boolean idle = left == 0;
        intervalNanos = Math.max(1, (long) (1e9 / eventsPerSecond));
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
        while (left > 0 && nextAt - now <= 0 && !streaming.isEmpty()) {
            turn = turn + 1 < streaming.size() ? turn + 1 : 0;
            emit(streaming.get(turn));
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
            var _ = loop.schedule(
                    this::emitDue, Math.max(SHORTEST_PAUSE_NANOS, nextAt - System.nanoTime()), TimeUnit.NANOSECONDS);
        }
    }

    private void emit(UpstreamSession session) {
        ChannelHandlerContext stream = session.stream;
        if (stream == null) {
            return;
        }
        session.emitted++;
        emitted++;
        ByteBuf chunk = UpstreamAnswers.emittedEvent(stream.alloc(), session.emitted, System.nanoTime(), bytes);
        var _ = stream.write(chunk, stream.voidPromise());
        touched.add(stream);
    }
}
