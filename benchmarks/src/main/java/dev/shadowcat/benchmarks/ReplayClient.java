package dev.shadowcat.benchmarks;

import dev.shadowcat.event.EventId;
import dev.shadowcat.event.SessionId;
import io.netty.buffer.ByteBuf;
import java.util.concurrent.CompletableFuture;

/** A client that comes back with a cursor before the first event, and reads until its stream ends. On its event loop. */
final class ReplayClient implements ClientConnection.Answer, SseLines.Sink {
    private static final byte[] NUMBER = Scan.key("n");

    private final SseLines lines = new SseLines(this);
    private final SequenceCheck sequence = new SequenceCheck();
    private final CompletableFuture<SequenceCheck> ended = new CompletableFuture<>();

    private ReplayClient() {}

    /** Connects and asks; completes when the stream has ended. */
    static CompletableFuture<SequenceCheck> replay(Transport transport, Target target, SessionId session) {
        ReplayClient client = new ReplayClient();
        String cursor = new EventId(ReplayStore.STREAM, 0).toString();
        return ClientConnection.connect(transport, target).thenCompose(connection -> {
            connection.send(Requests.resume(target, session.toString(), cursor), client);
            return client.ended.whenComplete((_, _) -> connection.close());
        });
    }

    @Override
    public void head(HttpHead message) {
        if (message.status != 200) {
            ended.completeExceptionally(new IllegalStateException("GET was answered " + message.status));
        }
    }

    @Override
    public void body(ByteBuf bytes, int index, int length) {
        lines.read(bytes, index, length);
    }

    @Override
    public void data(ByteBuf bytes, int index, int length) {
        sequence.saw(Scan.number(bytes, index, length, NUMBER));
    }

    @Override
    public void end() {
        ended.complete(sequence);
    }

    @Override
    public void broken() {
        ended.completeExceptionally(new IllegalStateException("connection closed before the stream ended"));
    }
}
