package dev.shadowcat.benchmarks;

import io.netty.buffer.ByteBuf;
import java.util.concurrent.CompletableFuture;

/** Reads one standalone stream: checks the order of its events and measures how long each was under way. On its event loop. */
final class StreamReader implements ClientConnection.Answer, SseLines.Sink {
    private static final byte[] NUMBER = Scan.key("n");
    private static final byte[] TIME = Scan.key("t");

    private final StreamTally tally;
    private final SseLines lines = new SseLines(this);
    private final CompletableFuture<StreamReader> opened = new CompletableFuture<>();
    private final SequenceCheck sequence = new SequenceCheck();
    private long now;

    private StreamReader(StreamTally tally) {
        this.tally = tally;
    }

    /** Opens the stream on the connection of the session; completes with the first head. */
    static CompletableFuture<StreamReader> open(ClientSession session, StreamTally tally) {
        StreamReader reader = new StreamReader(tally);
        session.connection().send(Requests.stream(session.target(), session.id()), reader);
        return reader.opened;
    }

    SequenceCheck sequence() {
        return sequence;
    }

    @Override
    public void head(HttpHead message) {
        if (message.status == 200) {
            opened.complete(this);
            return;
        }
        opened.completeExceptionally(new IllegalStateException("GET was answered " + message.status));
    }

    @Override
    public void body(ByteBuf bytes, int index, int length) {
        now = System.nanoTime();
        lines.read(bytes, index, length);
    }

    @Override
    public void data(ByteBuf bytes, int index, int length) {
        long number = Scan.number(bytes, index, length, NUMBER);
        long time = Scan.number(bytes, index, length, TIME);
        if (number == Scan.ABSENT || time == Scan.ABSENT) {
            tally.foreign();
            return;
        }
        sequence.saw(number);
        tally.event(now - time);
    }

    @Override
    public void comment() {
        tally.comment();
    }

    @Override
    public void end() {
        tally.ended();
    }

    @Override
    public void broken() {
        opened.completeExceptionally(new IllegalStateException("connection closed before the stream began"));
        tally.ended();
    }
}
