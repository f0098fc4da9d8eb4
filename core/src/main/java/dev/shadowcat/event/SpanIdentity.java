package dev.shadowcat.event;

/**
 * The identity of a span that is recorded, by which others may link to it: hours later, and in another process.
 *
 * @param traceHigh the first 8 bytes of the trace's id
 * @param traceLow the last 8 bytes of the trace's id
 * @param span the span's id
 */
public record SpanIdentity(long traceHigh, long traceLow, long span) {}
