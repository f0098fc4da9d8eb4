package dev.shadowcat.gateway.http;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import org.jspecify.annotations.Nullable;

/**
 * One request of a client, read whole, and the one way to answer it. The answering methods may be called from any thread;
 * the first of {@link #respond} and {@link #startStream} counts, and what comes after the client has gone goes nowhere.
 */
public interface Exchange {
    HttpMethod method();

    /** The path without query, percent-encoding untouched. */
    String path();

    /** The query with its leading question mark, or {@code ""}. */
    String query();

    HttpHeaders headers();

    /**
     * The body, one contiguous heap buffer with an accessible array; empty without one. Released by the exchange when it
     * ends: whoever sends it on retains it.
     */
    ByteBuf body();

    /** The loop of the client's connection. */
    EventLoop loop();

    /** The client's address as text, for logs. */
    String remote();

    /**
     * Answers with a whole body.
     *
     * @param status 200 to 999; anything else is refused with an IllegalArgumentException
     * @param headers sent as they are, beside Content-Length and Connection, which are the listener's; ownership passes on
     * @param body ownership passes on; empty for none
     */
    void respond(int status, HttpHeaders headers, ByteBuf body);

    /**
     * Begins a streamed answer with status 200 (or the given one): chunked on HTTP/1.1, delimited by the end of the
     * connection on HTTP/1.0. The head goes out at once.
     *
     * @param longLived whether the stream is expected to stay open and idle: its HTTP codec then leaves the pipeline to save
     *     memory, and the connection is not used again; path, query, headers and body are forgotten
     */
    StreamedResponse startStream(int status, HttpHeaders headers, boolean longLived);

    /**
     * Who is told of what happens to the client's connection until the answer has ended; on {@link #loop()}. Null: nobody. One
     * that is set after the client has gone is still told, soon. A client that shuts down its output counts as gone: what
     * tells the two apart is only seen when an answer fails, and few clients half-close.
     */
    void listener(@Nullable ExchangeListener listener);
}
