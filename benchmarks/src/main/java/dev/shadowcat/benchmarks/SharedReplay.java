package dev.shadowcat.benchmarks;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.NodeIdentity;
import dev.shadowcat.store.postgres.PostgresSettings;
import dev.shadowcat.store.postgres.PostgresStores;
import dev.shadowcat.store.postgres.PostgresUrl;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.HdrHistogram.Histogram;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/** Mode {@code shared-replay}: fills a PostgreSQL database by {@code COPY}, opens it anew, and replays streams from the store. */
final class SharedReplay {
    private static final String BAR = "p99 25";
    private static final int CHUNK = 1 << 20;
    private static final String COUNT = """
            UPDATE streams s SET last_sequence = e.newest, bytes = e.bytes, answer_bytes = e.answers
            FROM (SELECT stream, max(sequence) AS newest, sum(bytes)::bigint AS bytes,
                         coalesce(sum(bytes) FILTER (WHERE answer), 0)::bigint AS answers
                  FROM events GROUP BY stream) e
            WHERE s.key = e.stream""";

    private final String url;
    private final int sessions;
    private final int events;
    private final int repeats;

    SharedReplay(Arguments arguments) {
        url = arguments.text("url");
        sessions = arguments.number("sessions", 10_000);
        events = arguments.number("events", 1_000_000);
        repeats = arguments.number("repeats", 10);
        arguments.refuseOthers();
    }

    /** Returns whether every event of every replay came once and in order; the bar is printed beside the figures. */
    boolean run() {
        ReplayStore layout = new ReplayStore(sessions, events);
        try {
            fill(layout);
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
        ReplayFigures.header("bar ms");
        try (EventStore store = open()) {
            StoreReplays replays = new StoreReplays(store, layout);
            boolean whole = replay("PostgreSQL, first of each", replays, layout.middleOnes(), 1, 0);
            whole &= replay("PostgreSQL", replays, layout.middleOnes(), repeats, 2);
            return whole;
        }
    }

    private boolean replay(String name, StoreReplays replays, List<SessionId> from, int times, int warmUps) {
        Histogram latencies = replays.replay(from, times, warmUps);
        ReplayFigures.row(name, ReplayStore.MIDDLE_EVENTS, latencies, BAR, replays.whole());
        return replays.whole();
    }

    private EventStore open() {
        return PostgresStores.open(
                PostgresUrl.parse(url),
                PostgresSettings.DEFAULTS,
                new NodeIdentity(UUID.randomUUID().toString(), ""));
    }

    private void fill(ReplayStore layout) throws SQLException {
        long began = System.nanoTime();
        try (EventStore store = open()) {
            layout.begin(store);
        }
        double begun = (System.nanoTime() - began) / 1e9;
        try (Connection connection = BarePostgres.connect(url);
                Statement statement = connection.createStatement()) {
            long copied = copy(connection, layout, keys(statement, layout.sessions()));
            double events = (System.nanoTime() - began) / 1e9;
            statement.execute(COUNT);
            statement.execute("VACUUM ANALYZE events"); // as the server does by itself after a while
            statement.execute("CHECKPOINT");
            System.out.printf(
                    Locale.ROOT,
                    "%,d sessions (%.0f s) and %,d events by COPY (%.0f s more), counted and vacuumed (%.0f s more): %,d MB%n",
                    sessions,
                    begun,
                    copied,
                    events - begun,
                    (System.nanoTime() - began) / 1e9 - events,
                    size(statement) >> 20);
        }
    }

    private static long size(Statement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery("SELECT pg_database_size(current_database())")) {
            row.next();
            return row.getLong(1);
        }
    }

    /** What the events of each session's stream are kept under, in the order of the sessions. */
    private static long[] keys(Statement statement, List<SessionId> sessions) throws SQLException {
        Map<SessionId, Long> known = new HashMap<>();
        try (ResultSet row = statement.executeQuery("SELECT session, key FROM streams")) {
            while (row.next()) {
                known.put(session(row.getObject(1, UUID.class)), row.getLong(2));
            }
        }
        return sessions.stream().mapToLong(known::get).toArray();
    }

    private static SessionId session(UUID id) {
        return new SessionId(id.getMostSignificantBits(), id.getLeastSignificantBits());
    }

    private static long copy(Connection connection, ReplayStore layout, long[] keys) throws SQLException {
        CopyIn copy = connection
                .unwrap(PGConnection.class)
                .getCopyAPI()
                .copyIn("COPY events (stream, sequence, stored_at, generation, bytes, answer, message) FROM STDIN");
        ByteArrayOutputStream rows = new ByteArrayOutputStream(CHUNK + 4096);
        long copied = layout.each((session, event) -> {
            row(rows, keys[session], event);
            if (rows.size() >= CHUNK) {
                send(copy, rows);
            }
        });
        send(copy, rows);
        copy.endCopy();
        return copied;
    }

    /** Messages hold no backslash and no control character, so that they are their own escaped form. */
    private static void row(ByteArrayOutputStream rows, long key, Event event) {
        String columns = key + "\t" + event.sequence() + "\t" + event.storedAtMillis() + "\t" + event.generation()
                + "\t" + event.bytes() + "\t" + event.answer() + "\t";
        rows.writeBytes(columns.getBytes(StandardCharsets.US_ASCII));
        rows.writeBytes(event.message());
        rows.write('\n');
    }

    private static void send(CopyIn copy, ByteArrayOutputStream rows) {
        try {
            copy.writeToCopy(rows.toByteArray(), 0, rows.size());
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
        rows.reset();
    }
}
