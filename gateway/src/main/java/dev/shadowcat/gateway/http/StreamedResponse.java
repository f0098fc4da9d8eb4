package dev.shadowcat.gateway.http;

import dev.shadowcat.memory.Footprint;
import dev.shadowcat.memory.Measured;
import io.netty.buffer.ByteBuf;

/** A streamed answer that was begun. Methods may be called from any thread; their order from one thread is kept. */
public interface StreamedResponse extends Measured {
    /** Whether the connection takes more now; the write buffer is bounded by its water marks, not by this class. */
    boolean writable();

    /** Writes bytes of the body as one chunk, without flushing. Ownership of the buffer passes on. */
    void write(ByteBuf bytes);

    void flush();

    /** Ends the answer in good order: last chunk, then the connection may serve another request. */
    void finish();

    /** Breaks the connection off, so that the client sees an unfinished answer. */
    void abort();

    /** Adds the answer and its connection; nothing by default. On the connection's loop. */
    @Override
    default void measure(Footprint footprint) {}
}
