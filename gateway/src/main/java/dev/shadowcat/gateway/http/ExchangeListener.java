package dev.shadowcat.gateway.http;

/** Is told what happens to a client's connection while its exchange is open. On the connection's event loop; must not block. */
public interface ExchangeListener {
    /** The client's connection closed, or broke, before the answer had ended. Called at most once, and last. */
    void clientGone();

    /** A streamed answer may be written to again after {@link StreamedResponse#writable()} was false. */
    default void writableAgain() {}
}
