package dev.shadowcat.store.postgres;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.StoredSession;
import dev.shadowcat.store.StoredStream;
import dev.shadowcat.store.format.Records;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads what the database holds: one statement each, so that each sees one state of it. */
final class StoreReader {
    private static final String SESSION_COLUMNS = "SELECT s.id, r.record, r.state, s.last_active, s.standalone_cursor"
            + " FROM sessions s JOIN session_records r ON r.id = s.id";
    private static final String SESSION = SESSION_COLUMNS + " WHERE s.id = ?";
    private static final String FIRST_SESSIONS = SESSION_COLUMNS + " ORDER BY s.id LIMIT ?";
    private static final String SESSIONS_AFTER = SESSION_COLUMNS + " WHERE s.id > ? ORDER BY s.id LIMIT ?";
    private static final String STREAMS =
            "SELECT s.number, s.record, s.bytes + e.bytes, s.answer_bytes + e.answer_bytes, " + StreamTail.COLUMNS
                    + " FROM " + StreamTail.TABLES + " WHERE s.session = ?";
    private static final String ALL_STREAMS = STREAMS + " ORDER BY s.number";
    private static final String ONE_STREAM = STREAMS + " AND s.number = ?";
    /** What is beyond the bound on bytes is left in the database, large messages unread. */
    private static final String EVENTS = """
            SELECT sequence, stored_at, generation, answer, upstream_id, message
            FROM (
              SELECT e.*, sum(e.bytes) OVER (ORDER BY e.sequence ROWS UNBOUNDED PRECEDING) - e.bytes AS before
              FROM events e
              WHERE e.stream = (SELECT s.key FROM streams s WHERE s.session = ? AND s.number = ?) AND e.sequence > ?
              ORDER BY e.sequence
              LIMIT ?) page
            WHERE before = 0 OR before < ?
            ORDER BY sequence""";

    private StoreReader() {}

    static List<StoredSession> session(Connection connection, SessionId session) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(SESSION)) {
            query.setObject(1, Uuids.of(session));
            return sessions(query);
        }
    }

    static List<StoredSession> sessions(Connection connection, @Nullable SessionId after, int limit)
            throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(after == null ? FIRST_SESSIONS : SESSIONS_AFTER)) {
            if (after != null) {
                query.setObject(1, Uuids.of(after));
            }
            query.setInt(after == null ? 1 : 2, limit);
            return sessions(query);
        }
    }

    private static List<StoredSession> sessions(PreparedStatement query) throws SQLException {
        List<StoredSession> found = new ArrayList<>();
        try (ResultSet row = query.executeQuery()) {
            while (row.next()) {
                SessionId id = Uuids.session(row.getObject(1, UUID.class));
                found.add(new StoredSession(
                        Records.sessionRecord(id, row.getBytes(2)),
                        Records.sessionState(row.getBytes(3)),
                        new SessionActivity(row.getLong(4), row.getLong(5))));
            }
        }
        return found;
    }

    static List<StoredStream> streams(Connection connection, SessionId session) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(ALL_STREAMS)) {
            query.setObject(1, Uuids.of(session));
            return streams(query);
        }
    }

    static List<StoredStream> stream(Connection connection, SessionId session, int stream) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(ONE_STREAM)) {
            query.setObject(1, Uuids.of(session));
            query.setInt(2, stream);
            return streams(query);
        }
    }

    private static List<StoredStream> streams(PreparedStatement query) throws SQLException {
        List<StoredStream> found = new ArrayList<>();
        try (ResultSet row = query.executeQuery()) {
            while (row.next()) {
                StreamTail tail = StreamTail.read(row, 5);
                found.add(new StoredStream(
                        Records.streamRecord(row.getInt(1), row.getBytes(2)),
                        tail.trimmedThrough(),
                        tail.lastSequence(),
                        tail.cursor(),
                        row.getLong(3),
                        row.getLong(4)));
            }
        }
        return found;
    }

    static List<Event> events(
            Connection connection, SessionId session, int stream, long afterSequence, int maxEvents, long maxBytes)
            throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(EVENTS)) {
            query.setObject(1, Uuids.of(session));
            query.setInt(2, stream);
            query.setLong(3, afterSequence);
            query.setInt(4, maxEvents);
            query.setLong(5, maxBytes);
            List<Event> found = new ArrayList<>();
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    byte[] upstreamId = row.getBytes(5);
                    found.add(new Event(
                            row.getLong(1),
                            row.getLong(2),
                            row.getInt(3),
                            row.getBoolean(4),
                            upstreamId == null ? null : new String(upstreamId, StandardCharsets.UTF_8),
                            row.getBytes(6)));
                }
            }
            return found;
        }
    }
}
