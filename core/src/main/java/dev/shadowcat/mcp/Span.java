package dev.shadowcat.mcp;

/**
 * A range of bytes in a message, counted from where the message begins.
 *
 * @param start the first byte
 * @param end the byte after the last
 */
public record Span(int start, int end) {
    public Span {
        if (start < 0 || end < start) {
            throw new IllegalArgumentException("span: must rise from 0, but was " + start + ".." + end);
        }
    }

    /** Its bytes. */
    public int length() {
        return end - start;
    }
}
