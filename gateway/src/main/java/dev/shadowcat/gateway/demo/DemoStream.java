package dev.shadowcat.gateway.demo;

import dev.shadowcat.event.EventId;
import dev.shadowcat.gateway.http.StreamedResponse;
import dev.shadowcat.sse.SseEncoder;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One event stream of the demo server: keeps its events, and sends them to whoever is connected. Any thread. */
final class DemoStream {
    private static final int KEPT = 4_096;

    private final int number;
    private final List<byte[]> events = new ArrayList<>();
    private @Nullable StreamedResponse connection;
    private boolean finished;

    DemoStream(int number) {
        this.number = number;
    }

    /** Sends the events after a sequence to a new connection, which replaces the one before. */
    synchronized void attach(StreamedResponse newest, long afterSequence) {
        if (connection != null) {
            connection.finish();
        }
        newest.write(Unpooled.wrappedBuffer(SseEncoder.priming(new EventId(number, afterSequence).toString(), -1)));
        for (long sequence = afterSequence + 1; sequence <= events.size(); sequence++) {
            send(newest, sequence);
        }
        newest.flush();
        connection = newest;
        if (finished) {
            detach(newest);
            newest.finish();
        }
    }

    @SuppressWarnings("ReferenceEquality") // this very connection
    synchronized void detach(StreamedResponse gone) {
        if (connection == gone) {
            connection = null;
        }
    }

    /** Records an event and sends it; nothing more is taken once the stream is full. */
    synchronized void add(byte[] message) {
        if (events.size() >= KEPT || finished) {
            return;
        }
        events.add(message);
        if (connection != null) {
            send(connection, events.size());
            connection.flush();
        }
    }

    synchronized void finish() {
        finished = true;
        if (connection != null) {
            connection.finish();
            connection = null;
        }
    }

    /** The newest sequence. */
    synchronized long last() {
        return events.size();
    }

    private void send(StreamedResponse target, long sequence) {
        byte[] message = events.get(Math.toIntExact(sequence) - 1);
        target.write(Unpooled.wrappedBuffer(SseEncoder.event(new EventId(number, sequence).toString(), message)));
    }
}
