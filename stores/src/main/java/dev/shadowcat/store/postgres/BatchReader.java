package dev.shadowcat.store.postgres;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.StoreWrite;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What the database has of all that a batch names, locked until the transaction ends: nobody else changes, claims or expires
 * these sessions meanwhile. The node's own row is locked first, then the sessions in the order of their ids, so that no two nodes
 * wait for each other.
 */
final class BatchReader {
    private static final String LOCK_FENCE = """
            SELECT fence, pg_postmaster_start_time() FROM nodes WHERE incarnation = ? FOR KEY SHARE""";
    private static final String LOCK_SESSIONS = """
            SELECT id, holder FROM sessions WHERE id = ANY(?) ORDER BY id FOR NO KEY UPDATE""";
    private static final String READ_STREAMS = """
            SELECT s.session, s.number, %s
            FROM unnest(?, ?) AS named(session, number), %s
            WHERE s.session = named.session AND s.number = named.number""".formatted(StreamTail.COLUMNS, StreamTail.TABLES);

    private @Nullable Fence fence;
    private final Map<SessionId, String> holders = new HashMap<>();
    private final Map<SessionId, Map<Integer, StreamTail>> streams = new HashMap<>();

    private BatchReader() {}

    /** A stream that a batch names. */
    private record StreamName(SessionId session, int number) {}

    /** Called within a transaction, as the first of it. */
    static BatchReader lock(Connection connection, String incarnation, Collection<StoreWrite> batch)
            throws SQLException {
        Set<SessionId> sessions = new HashSet<>();
        Set<StreamName> streams = new HashSet<>();
        for (StoreWrite write : batch) {
            sessions.add(write.session());
            streamOf(write).ifPresent(number -> streams.add(new StreamName(write.session(), number)));
        }
        UUID[] ids = sessions.stream().map(Uuids::of).toArray(UUID[]::new);
        Script script = new Script().add(LOCK_FENCE, incarnation).add(LOCK_SESSIONS, new Script.Many("uuid", ids));
        if (!streams.isEmpty()) {
            List<StreamName> names = List.copyOf(streams);
            script.add(
                    READ_STREAMS,
                    new Script.Many(
                            "uuid",
                            names.stream().map(name -> Uuids.of(name.session())).toArray(UUID[]::new)),
                    new Script.Many(
                            "int4", names.stream().mapToInt(StreamName::number).toArray()));
        }
        BatchReader read = new BatchReader();
        try (PreparedStatement results = script.run(connection)) {
            read.readFence(results.getResultSet());
            results.getMoreResults();
            read.readSessions(results.getResultSet());
            if (results.getMoreResults()) {
                read.readStreams(results.getResultSet());
            }
        }
        return read;
    }

    /** The stream that a write names. */
    static OptionalInt streamOf(StoreWrite write) {
        return switch (write) {
            case StoreWrite.PutStream put -> OptionalInt.of(put.record().number());
            case StoreWrite.AppendEvent append -> OptionalInt.of(append.stream());
            case StoreWrite.MoveUpstreamCursor move -> OptionalInt.of(move.stream());
            case StoreWrite.TrimStream trim -> OptionalInt.of(trim.stream());
            case StoreWrite.DeleteStream delete -> OptionalInt.of(delete.stream());
            case StoreWrite.PutSession _,
                    StoreWrite.PutSessionState _,
                    StoreWrite.TouchSession _,
                    StoreWrite.DeleteSession _ -> OptionalInt.empty();
        };
    }

    private void readFence(ResultSet row) throws SQLException {
        if (row.next()) {
            fence = new Fence(row.getObject(1, UUID.class), row.getObject(2, OffsetDateTime.class));
        }
    }

    private void readSessions(ResultSet rows) throws SQLException {
        while (rows.next()) {
            holders.put(Uuids.session(rows.getObject(1, UUID.class)), rows.getString(2));
        }
    }

    private void readStreams(ResultSet rows) throws SQLException {
        while (rows.next()) {
            streams.computeIfAbsent(Uuids.session(rows.getObject(1, UUID.class)), _ -> new HashMap<>())
                    .put(rows.getInt(2), StreamTail.read(rows, 3));
        }
    }

    /** The node's own; null where it never renewed its lease, or was forgotten. */
    @Nullable
    Fence fence() {
        return fence;
    }

    /** The sessions that somebody else holds. */
    Set<SessionId> notHeldBy(String incarnation) {
        Set<SessionId> others = new HashSet<>();
        holders.forEach((session, holder) -> {
            if (!holder.equals(incarnation)) {
                others.add(session);
            }
        });
        return others;
    }

    /** What becomes of each session that the batch names, in the order of their ids. */
    Collection<SessionChange> changes(List<StoreWrite> batch) {
        return SessionChange.of(
                batch,
                session -> new SessionChange(
                        session, holders.containsKey(session), streams.getOrDefault(session, Map.of())));
    }
}
