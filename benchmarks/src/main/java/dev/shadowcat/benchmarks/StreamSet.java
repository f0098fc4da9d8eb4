package dev.shadowcat.benchmarks;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Sessions with an open standalone stream each, opened through one target. Blocks the calling thread, never the loop. */
final class StreamSet {
    private final Transport transport;
    private final List<ClientSession> sessions;
    private final List<StreamReader> readers;
    private final StreamTally tally;

    private StreamSet(
            Transport transport, List<ClientSession> sessions, List<StreamReader> readers, StreamTally tally) {
        this.transport = transport;
        this.sessions = sessions;
        this.readers = readers;
        this.tally = tally;
    }

    static StreamSet open(Transport transport, Target target, int count) {
        StreamTally tally = new StreamTally();
        List<ClientSession> sessions =
                Together.run(count, 32, _ -> transport.onLoop(() -> ClientSession.open(transport, target)));
        List<StreamReader> readers =
                Together.run(count, 32, index -> transport.onLoop(() -> StreamReader.open(sessions.get(index), tally)));
        return new StreamSet(transport, sessions, readers, tally);
    }

    /** Reads something of the tally or the readers on the loop that writes them. */
    <T> T read(Supplier<T> figure) {
        return CompletableFuture.supplyAsync(figure, transport.loop()).join();
    }

    StreamTally tally() {
        return tally;
    }

    List<StreamReader> readers() {
        return readers;
    }

    /** Deletes the sessions; the streams end with them. */
    void delete() {
        Together.run(sessions.size(), 16, index -> transport.onLoop(sessions.get(index)::delete));
    }
}
