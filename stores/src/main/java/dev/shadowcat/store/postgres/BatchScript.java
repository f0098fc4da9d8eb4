package dev.shadowcat.store.postgres;

import dev.shadowcat.event.Event;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.SessionRecord;
import dev.shadowcat.store.SessionState;
import dev.shadowcat.store.StreamRecord;
import dev.shadowcat.store.format.RecordWriter;
import dev.shadowcat.store.format.Records;
import dev.shadowcat.store.postgres.Script.Many;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The statements that bring a batch's changes into the database, one for each kind of change that it has: changes of sessions first,
 * whose rows are locked before any stream's, then what goes, then what changes, then what comes. One thread.
 */
final class BatchScript {
    /** Nobody takes a session of the node from here on until the transaction ends. */
    private static final String CHECK_FENCE = """
            SELECT 1 / count(*) FROM (
              SELECT FROM nodes WHERE incarnation = ? AND fence = ? AND pg_postmaster_start_time() = ? FOR KEY SHARE) held""";

    private static final String REFUTED = "22012"; // division_by_zero

    private static final String DROP_STREAMS_EVENTS = """
            DELETE FROM events WHERE stream = ANY(ARRAY(SELECT key FROM streams WHERE session = ANY(?)))""";
    private static final String DROP_STREAMS = "DELETE FROM streams WHERE session = ANY(?)";
    private static final String DELETE_SESSIONS = "DELETE FROM sessions WHERE id = ANY(?)";
    private static final String DELETE_SESSION_RECORDS = "DELETE FROM session_records WHERE id = ANY(?)";
    private static final String DELETE_EVENTS = "DELETE FROM events WHERE stream = ANY(?)";
    private static final String DELETE_STREAMS = """
            DELETE FROM streams s USING unnest(?, ?) AS gone(session, number)
            WHERE s.session = gone.session AND s.number = gone.number""";
    private static final String TRIM_EVENTS = """
            WITH trimmed AS (SELECT * FROM unnest(?, ?, ?, ?, ?) AS t(session, number, key, after, through)),
            gone AS (
              DELETE FROM events e USING trimmed t
              WHERE e.stream = t.key AND e.sequence > t.after AND e.sequence <= t.through AND NOT e.answer
              RETURNING t.session, t.number, e.bytes),
            sums AS (SELECT session, number, sum(bytes)::bigint AS bytes FROM gone GROUP BY session, number)
            UPDATE streams s SET bytes = s.bytes - sums.bytes FROM sums
            WHERE s.session = sums.session AND s.number = sums.number""";
    private static final String INSERT_SESSIONS = """
            INSERT INTO sessions (id, holder, last_active, standalone_cursor)
            SELECT id, ?, last_active, standalone_cursor
            FROM unnest(?, ?, ?) AS new(id, last_active, standalone_cursor)""";
    private static final String INSERT_SESSION_RECORDS = """
            INSERT INTO session_records (id, record, state) SELECT * FROM unnest(?, ?, ?)""";
    private static final String UPDATE_ACTIVITY = """
            UPDATE sessions s SET last_active = new.last_active, standalone_cursor = new.standalone_cursor
            FROM unnest(?, ?, ?) AS new(id, last_active, standalone_cursor) WHERE s.id = new.id""";
    private static final String UPDATE_SESSION_RECORDS = """
            UPDATE session_records s SET record = coalesce(new.record, s.record), state = coalesce(new.state, s.state)
            FROM unnest(?, ?, ?) AS new(id, record, state) WHERE s.id = new.id""";
    private static final String UPDATE_STREAMS = """
            UPDATE streams s SET
              key = new.key, open = new.open,
              last_sequence = new.last_sequence, trimmed_through = new.trimmed_through,
              bytes = CASE WHEN s.key = new.key THEN s.bytes ELSE 0 END + new.bytes,
              answer_bytes = CASE WHEN s.key = new.key THEN s.answer_bytes ELSE 0 END + new.answer_bytes,
              event_cursor_at = new.event_cursor_at, event_cursor = new.event_cursor,
              moved_after = new.moved_after, moved_cursor = new.moved_cursor,
              record = coalesce(new.record, s.record)
            FROM unnest(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) AS new(
              session, number, key, open, last_sequence, trimmed_through, bytes, answer_bytes,
              event_cursor_at, event_cursor, moved_after, moved_cursor, record)
            WHERE s.session = new.session AND s.number = new.number""";
    private static final String INSERT_STREAMS = """
            INSERT INTO streams (
              session, number, key, open, last_sequence, trimmed_through, bytes, answer_bytes,
              event_cursor_at, event_cursor, moved_after, moved_cursor, record)
            SELECT * FROM unnest(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""";
    private static final String INSERT_EVENTS = """
            INSERT INTO events (stream, sequence, stored_at, generation, bytes, answer, upstream_id, message)
            SELECT * FROM unnest(?, ?, ?, ?, ?, ?, ?, ?)""";

    private final Script script = new Script();
    private final RecordWriter records;
    private final String incarnation;
    private final Collection<SessionChange> sessions;
    private final List<StreamChange> streams = new ArrayList<>();

    /**
     * @param records where records are written
     * @param incarnation the node that holds what begins
     * @param sessions in the order of their ids
     */
    BatchScript(RecordWriter records, String incarnation, Collection<SessionChange> sessions) {
        this.records = records;
        this.incarnation = incarnation;
        this.sessions = sessions;
        sessions.forEach(session -> session.streams().forEach(streams::add));
    }

    /** The streams that have yet to be given a key. */
    List<StreamChange> beginning() {
        return streams(StreamChange::begins);
    }

    /** Empty where the batch changes nothing. The sessions are locked. */
    Script build() {
        changesOfSessions();
        deletions();
        trims();
        beginningsOfSessions();
        changesOfStreams();
        events();
        return script;
    }

    /** For sessions that are not locked, and are as they were under a fence. */
    Script buildUnder(Fence fence) {
        script.add(CHECK_FENCE, incarnation, fence.value(), fence.serverStart());
        return build();
    }

    /** Whether a script failed since the fence is another one by now. */
    static boolean isRefuted(SQLException failure) {
        return REFUTED.equals(failure.getSQLState());
    }

    private void deletions() {
        Many dropping = ids(sessions(SessionChange::dropsStreams));
        add(dropping, DROP_STREAMS_EVENTS, dropping);
        add(dropping, DROP_STREAMS, dropping);
        Many deleted = ids(sessions(SessionChange::isDeleted));
        add(deleted, DELETE_SESSIONS, deleted);
        add(deleted, DELETE_SESSION_RECORDS, deleted);
        Many dropped = longs(streams(stream -> stream.dropped() != 0), StreamChange::dropped);
        add(dropped, DELETE_EVENTS, dropped);
        List<StreamChange> gone = streams(StreamChange::isDeleted);
        add(sessionsOf(gone), DELETE_STREAMS, sessionsOf(gone), numbers(gone));
    }

    private void trims() {
        List<StreamChange> trimmed = streams(stream -> stream.trimsFrom() >= 0);
        add(
                sessionsOf(trimmed),
                TRIM_EVENTS,
                sessionsOf(trimmed),
                numbers(trimmed),
                longs(trimmed, stream -> stream.tail().key()),
                longs(trimmed, StreamChange::trimsFrom),
                longs(trimmed, stream -> stream.tail().trimmedThrough()));
    }

    private void changesOfSessions() {
        List<SessionChange> active = sessions(SessionChange::updatesActivity);
        add(ids(active), UPDATE_ACTIVITY, ids(active), lastActive(active), standaloneCursors(active));
        List<SessionChange> changed = sessions(SessionChange::updatesRecords);
        add(ids(changed), UPDATE_SESSION_RECORDS, ids(changed), records(changed), states(changed));
    }

    private void beginningsOfSessions() {
        List<SessionChange> begun = sessions(SessionChange::isInserted);
        add(ids(begun), INSERT_SESSIONS, incarnation, ids(begun), lastActive(begun), standaloneCursors(begun));
        add(ids(begun), INSERT_SESSION_RECORDS, ids(begun), records(begun), states(begun));
    }

    private void changesOfStreams() {
        List<StreamChange> updated = streams(StreamChange::isUpdated);
        add(sessionsOf(updated), UPDATE_STREAMS, columns(updated));
        List<StreamChange> inserted = streams(StreamChange::isInserted);
        add(sessionsOf(inserted), INSERT_STREAMS, columns(inserted));
    }

    private Object[] columns(List<StreamChange> of) {
        boolean[] open = new boolean[of.size()];
        for (int i = 0; i < open.length; i++) {
            open[i] = of.get(i).tail().open();
        }
        return new Object[] {
            sessionsOf(of),
            numbers(of),
            longs(of, stream -> stream.tail().key()),
            new Many("bool", open),
            longs(of, stream -> stream.tail().lastSequence()),
            longs(of, stream -> stream.tail().trimmedThrough()),
            longs(of, stream -> stream.sum().bytes()),
            longs(of, stream -> stream.sum().answerBytes()),
            longs(of, stream -> stream.tail().eventCursorAt()),
            bytes(of, stream -> stream.tail().eventCursor()),
            longs(of, stream -> stream.tail().movedAfter()),
            bytes(of, stream -> stream.tail().movedCursor()),
            bytes(of, stream -> bytes(stream.record()))
        };
    }

    private void events() {
        List<Event> events = new ArrayList<>();
        for (StreamChange stream : streams) {
            events.addAll(stream.events());
        }
        if (events.isEmpty()) {
            return;
        }
        long[] keys = new long[events.size()];
        int[] generations = new int[events.size()];
        int[] bytes = new int[events.size()];
        boolean[] answers = new boolean[events.size()];
        int next = 0;
        for (StreamChange stream : streams) {
            for (Event event : stream.events()) {
                keys[next] = stream.tail().key();
                generations[next] = event.generation();
                bytes[next] = event.bytes();
                answers[next] = event.answer();
                next++;
            }
        }
        script.add(
                INSERT_EVENTS,
                new Many("int8", keys),
                longs(events, Event::sequence),
                longs(events, Event::storedAtMillis),
                new Many("int4", generations),
                new Many("int4", bytes),
                new Many("bool", answers),
                bytes(events, event -> event.upstreamId() == null ? null : StreamTail.bytes(event.upstreamId())),
                bytes(events, Event::message));
    }

    /** @param rows what it is about: without any, there is nothing to do */
    private void add(Many rows, String statement, Object... parameters) {
        if (!rows.isEmpty()) {
            script.add(statement, parameters);
        }
    }

    private List<SessionChange> sessions(Predicate<SessionChange> which) {
        return sessions.stream().filter(which).toList();
    }

    private List<StreamChange> streams(Predicate<StreamChange> which) {
        return streams.stream().filter(which).toList();
    }

    private static Many ids(List<SessionChange> of) {
        return new Many("uuid", of.stream().map(session -> session.key).toArray(UUID[]::new));
    }

    private static Many lastActive(List<SessionChange> of) {
        return longs(of, session -> activity(session).lastActiveMillis());
    }

    private static Many standaloneCursors(List<SessionChange> of) {
        return longs(of, session -> activity(session).standaloneCursor());
    }

    private static SessionActivity activity(SessionChange session) {
        SessionActivity activity = session.activity();
        if (activity == null) {
            throw new IllegalStateException("a session without activity");
        }
        return activity;
    }

    private Many records(List<SessionChange> of) {
        return bytes(of, session -> bytes(session.record()));
    }

    private Many states(List<SessionChange> of) {
        return bytes(of, session -> bytes(session.state()));
    }

    private static Many sessionsOf(List<StreamChange> of) {
        return new Many("uuid", of.stream().map(stream -> stream.session).toArray(UUID[]::new));
    }

    private static Many numbers(List<StreamChange> of) {
        return new Many("int4", of.stream().mapToInt(stream -> stream.number).toArray());
    }

    private static <T> Many longs(List<T> of, ToLongFunction<T> column) {
        return new Many("int8", of.stream().mapToLong(column).toArray());
    }

    private static <T> Many bytes(List<T> of, Function<T, byte @Nullable []> column) {
        return new Many("bytea", of.stream().map(column).toArray(byte[][]::new));
    }

    private byte @Nullable [] bytes(@Nullable SessionRecord record) {
        if (record == null) {
            return null;
        }
        Records.write(records, record);
        return records.endBytes();
    }

    private byte @Nullable [] bytes(@Nullable SessionState state) {
        if (state == null) {
            return null;
        }
        Records.write(records, state);
        return records.endBytes();
    }

    private byte @Nullable [] bytes(@Nullable StreamRecord record) {
        if (record == null) {
            return null;
        }
        Records.write(records, record);
        return records.endBytes();
    }
}
