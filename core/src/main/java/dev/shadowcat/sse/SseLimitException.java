package dev.shadowcat.sse;

/** An event stream holds a line, an event or an id that is larger than allowed. Nothing more of it can be read. */
public final class SseLimitException extends RuntimeException {
    private static final long serialVersionUID = 1;

    SseLimitException(String message) {
        super(message);
    }
}
