package dev.shadowcat.store.postgres;

import dev.shadowcat.event.Event;
import dev.shadowcat.store.StoreWrite;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * Where a stream stands: what a batch goes on from, and where it leaves it. A stream's row sums up its events to some point; what
 * came after that is told from the events, so that not each of them changes the row.
 *
 * @param key what its events are kept under; 0 for one that is yet to be given one
 * @param open whether its record says that more may come
 * @param lastSequence the newest event ever appended; 0 before the first
 * @param trimmedThrough events up to this one were removed, answers aside
 * @param eventCursorAt the newest event that had an upstream id; 0 before the first
 * @param eventCursor that upstream id
 * @param movedAfter where the newest move of the upstream's cursor came
 * @param movedCursor what it moved to; null before the first
 * @param unsummed events that the row does not know of yet
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
        byte @Nullable [] movedCursor,
        Unsummed unsummed) {
    static final StreamTail BEGINNING = new StreamTail(0, true, 0, 0, 0, null, 0, null, Unsummed.NOTHING);

    /** What {@link #read} reads, of {@link #TABLES}. */
    static final String COLUMNS = "s.key, s.open, coalesce(e.last_sequence, s.last_sequence), s.trimmed_through,"
            + " coalesce(e.cursor_at, s.event_cursor_at), coalesce(e.cursor, s.event_cursor), s.moved_after, s.moved_cursor,"
            + " e.events, e.bytes, e.answer_bytes";

    /** Streams, as {@code s}, each with what came after it was summed up, as {@code e}. */
    static final String TABLES = """
            streams s CROSS JOIN LATERAL (
              SELECT max(sequence) AS last_sequence, count(*) AS events,
                coalesce(sum(bytes), 0)::bigint AS bytes,
                coalesce(sum(bytes) FILTER (WHERE answer), 0)::bigint AS answer_bytes,
                max(sequence) FILTER (WHERE upstream_id IS NOT NULL) AS cursor_at,
                (array_agg(upstream_id ORDER BY sequence DESC) FILTER (WHERE upstream_id IS NOT NULL))[1] AS cursor
              FROM events WHERE stream = s.key AND sequence > s.last_sequence) e""";

    /** How many events, and how large they and the answers among them are. */
    record Unsummed(int events, long bytes, long answerBytes) {
        static final Unsummed NOTHING = new Unsummed(0, 0, 0);
        /** What a read may have to add up. */
        private static final int MOST = 32;

        boolean isTooMuch() {
            return events >= MOST;
        }

        Unsummed with(Event event) {
            return new Unsummed(events + 1, bytes + event.bytes(), answerBytes + (event.answer() ? event.bytes() : 0));
        }

        Unsummed without(Event event) {
            return new Unsummed(events - 1, bytes - event.bytes(), answerBytes - (event.answer() ? event.bytes() : 0));
        }
    }

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
                row.getBytes(first + 7),
                new Unsummed(row.getInt(first + 8), row.getLong(first + 9), row.getLong(first + 10)));
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
                given,
                open,
                lastSequence,
                trimmedThrough,
                eventCursorAt,
                eventCursor,
                movedAfter,
                movedCursor,
                unsummed);
    }

    StreamTail withOpen(boolean now) {
        return new StreamTail(
                key, now, lastSequence, trimmedThrough, eventCursorAt, eventCursor, movedAfter, movedCursor, unsummed);
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
                movedCursor,
                unsummed.with(event));
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
                bytes(move.cursor()),
                unsummed);
    }

    StreamTail trimmed(long through) {
        return new StreamTail(
                key, open, lastSequence, through, eventCursorAt, eventCursor, movedAfter, movedCursor, unsummed);
    }

    /** The same where the row knows of all events but these. */
    StreamTail with(Unsummed rest) {
        return new StreamTail(
                key, open, lastSequence, trimmedThrough, eventCursorAt, eventCursor, movedAfter, movedCursor, rest);
    }
}
