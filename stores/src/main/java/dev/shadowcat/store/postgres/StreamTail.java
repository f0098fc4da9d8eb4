package dev.shadowcat.store.postgres;

import dev.shadowcat.event.Event;
import dev.shadowcat.store.StoreWrite;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * Where a stream stands: what a batch goes on from, and where it leaves it.
 *
 * @param key what its events are kept under; 0 for one that is yet to be given one
 * @param open whether its record says that more may come
 * @param lastSequence the newest event ever appended; 0 before the first
 * @param trimmedThrough events up to this one were removed, answers aside
 * @param eventCursorAt the newest event that had an upstream id; 0 before the first
 * @param eventCursor that upstream id
 * @param movedAfter where the newest move of the upstream's cursor came
 * @param movedCursor what it moved to; null before the first
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record StreamTail(
        long key,
        boolean open,
        long lastSequence,
        long trimmedThrough,
        long eventCursorAt,
        byte @Nullable [] eventCursor,
        long movedAfter,
        byte @Nullable [] movedCursor) {
    static final StreamTail BEGINNING = new StreamTail(0, true, 0, 0, 0, null, 0, null);

    /** What {@link #read} reads, of a table called {@code s}. */
    static final String COLUMNS = "s.key, s.open, s.last_sequence, s.trimmed_through,"
            + " s.event_cursor_at, s.event_cursor, s.moved_after, s.moved_cursor";

    /** @param first where the columns begin */
    static StreamTail read(ResultSet row, int first) throws SQLException {
        return new StreamTail(
                row.getLong(first),
                row.getBoolean(first + 1),
                row.getLong(first + 2),
                row.getLong(first + 3),
                row.getLong(first + 4),
                row.getBytes(first + 5),
                row.getLong(first + 6),
                row.getBytes(first + 7));
    }

    /** Where to resume the upstream; null where nothing is known. */
    @Nullable
    String cursor() {
        byte[] later = movedCursor != null && movedAfter >= eventCursorAt ? movedCursor : eventCursor;
        return later == null ? null : new String(later, StandardCharsets.UTF_8);
    }

    /** As the database keeps texts of others, which may hold what no text of its own may. */
    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    StreamTail withKey(long given) {
        return new StreamTail(
                given, open, lastSequence, trimmedThrough, eventCursorAt, eventCursor, movedAfter, movedCursor);
    }

    StreamTail withOpen(boolean now) {
        return new StreamTail(
                key, now, lastSequence, trimmedThrough, eventCursorAt, eventCursor, movedAfter, movedCursor);
    }

    StreamTail with(Event event) {
        String id = event.upstreamId();
        return new StreamTail(
                key,
                open,
                event.sequence(),
                trimmedThrough,
                id == null ? eventCursorAt : event.sequence(),
                id == null ? eventCursor : bytes(id),
                movedAfter,
                movedCursor);
    }

    StreamTail with(StoreWrite.MoveUpstreamCursor move) {
        return new StreamTail(
                key,
                open,
                lastSequence,
                trimmedThrough,
                eventCursorAt,
                eventCursor,
                move.afterSequence(),
                bytes(move.cursor()));
    }

    StreamTail trimmed(long through) {
        return new StreamTail(key, open, lastSequence, through, eventCursorAt, eventCursor, movedAfter, movedCursor);
    }
}
