package dev.shadowcat.gateway.cli;

import java.util.List;
import java.util.function.Consumer;

/** Where sessions and events can be read, as JSON lines. */
interface SessionSource extends AutoCloseable {
    void sessions(Consumer<String> lines);

    /** The numbers of a session's streams. */
    List<Integer> streams(String session);

    /** A page of events after a sequence; empty at the end. */
    List<String> events(String session, int stream, long after);

    @Override
    void close();
}
