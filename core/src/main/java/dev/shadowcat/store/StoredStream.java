package dev.shadowcat.store;

import org.jspecify.annotations.Nullable;

/**
 * All that a store knows of a stream beside its events.
 *
 * @param record as put last
 * @param trimmedThrough events up to and including this sequence may have been removed by retention; 0 where none was
 * @param lastSequence the newest event ever appended, removed ones included; 0 before the first
 * @param upstreamCursor where to resume the upstream: of the newest event with an upstream id and the newest
 *     {@link StoreWrite.MoveUpstreamCursor} the later one; null where there is none
 * @param bytes of the events that are kept, as {@link dev.shadowcat.event.Event#bytes()} counts them; an estimate will do
 * @param answerBytes of those, what is in answers: no trimming removes it
 */
public record StoredStream(
        StreamRecord record,
        long trimmedThrough,
        long lastSequence,
        @Nullable String upstreamCursor,
        long bytes,
        long answerBytes) {
    /** What trimming could remove, in bytes. */
    public long trimmableBytes() {
        return bytes - answerBytes;
    }
}
