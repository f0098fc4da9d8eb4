package dev.shadowcat.session;

import dev.shadowcat.memory.Footprint;
import dev.shadowcat.memory.Measured;

/** A client's connection as a stream's events see it. The session's thread only. */
public interface EventSink extends Measured {
    /** Whether it takes more now. When it does again, {@link ClientStream#pump} is due. */
    boolean writable();

    /** Writes an event with its id. */
    void event(int stream, long sequence, byte[] message);

    /** Writes a message without an id: nothing that a client could resume after. */
    void notice(byte[] message);

    /** Writes an id without a message, for a client to resume after; nothing where its revision knows no such thing. */
    void priming(int stream, long sequence);

    /**
     * Moves the client's cursor, without a message: it has everything up to there. Nothing where its revision knows no such
     * thing; then the next event does.
     */
    void cursor(int stream, long sequence);

    /** Tells that events are not to be had any more, and moves the client's cursor to this number. */
    void gap(int stream, long sequence);

    /** Whether its client has an id of the stream, and so can come back for what it has not seen. */
    boolean resumable();

    void flush();

    /** Ends the answer in good order. */
    void finish();

    /** Breaks the connection off. */
    void abort();

    /** Adds the connection with all that it holds; nothing by default. */
    @Override
    default void measure(Footprint footprint) {}
}
