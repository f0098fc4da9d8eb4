package dev.shadowcat.sse;

import org.jspecify.annotations.Nullable;

/**
 * One event of an event stream.
 *
 * @param type its type; {@code message} where it names none
 * @param data its data lines, joined by LF, as the bytes that came; empty for a priming event
 * @param ownId the id that stands in this very event, null where none does
 * @param lastEventId the newest id on the stream as of this event, {@code ""} where there was none
 */
@SuppressWarnings("ArrayRecordComponent") // identity is enough: events are handed on, never compared
public record SseEvent(String type, byte[] data, @Nullable String ownId, String lastEventId) {
    /** The type of an event that names none. */
    public static final String MESSAGE = "message";
}
