package dev.shadowcat.sse;

/** Is told what an {@link SseDecoder} finds, on the thread that feeds it. */
public interface SseHandler {
    /** An event came. */
    void event(SseEvent event);

    /** The server names the time to wait before reconnecting, in milliseconds. */
    void retry(long millis);
}
