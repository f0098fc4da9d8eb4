package dev.shadowcat.benchmarks;

import dev.shadowcat.store.NodeIdentity;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.store.postgres.PostgresSettings;
import dev.shadowcat.store.postgres.PostgresStores;
import dev.shadowcat.store.postgres.PostgresUrl;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.UUID;
import org.postgresql.PGConnection;

/**
 * A PostgreSQL server. Bare, a batch is one {@code INSERT} of arrays into a table that is like the store's, its key included, and
 * one transaction: one round trip and one sync.
 */
final class BarePostgres implements BareServer {
    private static final String INSERT = """
            INSERT INTO bare_events (stream, sequence, stored_at, generation, bytes, answer, upstream_id, message)
            SELECT * FROM unnest(?, ?, ?, ?, ?, ?, ?, ?)""";

    private final String url;
    private final Payloads payloads;
    private final int eventBytes;
    private final Connection connection;

    /** @param url {@code postgresql://user@host:port/database}, without a password */
    BarePostgres(String url, Payloads payloads, int eventBytes) {
        this.url = url;
        this.payloads = payloads;
        this.eventBytes = eventBytes;
        open().close(); // makes the tables
        try {
            connection = connect(url);
            execute("CREATE TABLE IF NOT EXISTS bare_events (LIKE events INCLUDING ALL)");
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** A connection that sees the store's tables. */
    static Connection connect(String url) throws SQLException {
        String user = url.replaceFirst(".*//(.*)@.*", "$1");
        return DriverManager.getConnection(
                "jdbc:" + url.replaceFirst("//.*@", "//") + "?currentSchema=shadowcat&user=" + user);
    }

    private SharedStore open() {
        return PostgresStores.open(
                PostgresUrl.parse(url),
                PostgresSettings.DEFAULTS,
                new NodeIdentity(UUID.randomUUID().toString(), ""));
    }

    @Override
    public SharedStore store() {
        try {
            empty();
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
        SharedStore store = open();
        store.renew();
        return store;
    }

    /** Nobody pays for what another wrote: no checkpoint is due, and no row is left for vacuum. */
    private void empty() throws SQLException {
        execute("TRUNCATE nodes, sessions, session_records, streams, events, bare_events");
        execute("CHECKPOINT");
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    @Override
    public double eventsPerSecond(int streams, int batchEvents, int seconds) {
        try {
            empty();
            long events = 0;
            long began = System.nanoTime();
            long end = began + seconds * 1_000_000_000L;
            while (System.nanoTime() - end < 0) {
                insert(streams, events, batchEvents);
                events += batchEvents;
            }
            double passed = (System.nanoTime() - began) / 1e9;
            requireStored(events);
            return events / passed;
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
    }

    private void insert(int streams, long before, int events) throws SQLException {
        long[] keys = new long[events];
        long[] sequences = new long[events];
        long[] storedAt = new long[events];
        int[] generations = new int[events];
        int[] bytes = new int[events];
        byte[][] messages = new byte[events][];
        Arrays.fill(storedAt, System.currentTimeMillis());
        Arrays.fill(generations, 1);
        Arrays.fill(bytes, eventBytes);
        for (int event = 0; event < events; event++) {
            keys[event] = 1 + (before + event) % streams;
            sequences[event] = 1 + (before + event) / streams;
            messages[event] = payloads.next();
        }
        PGConnection driver = connection.unwrap(PGConnection.class);
        // Prepared anew each time, as the store does: the driver knows the text, and the server its plan.
        try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
            insert.setArray(1, driver.createArrayOf("int8", keys));
            insert.setArray(2, driver.createArrayOf("int8", sequences));
            insert.setArray(3, driver.createArrayOf("int8", storedAt));
            insert.setArray(4, driver.createArrayOf("int4", generations));
            insert.setArray(5, driver.createArrayOf("int4", bytes));
            insert.setArray(6, driver.createArrayOf("bool", new boolean[events]));
            insert.setArray(7, driver.createArrayOf("bytea", new byte[events][]));
            insert.setArray(8, driver.createArrayOf("bytea", messages));
            insert.executeUpdate();
        }
    }

    private void requireStored(long events) throws SQLException {
        try (Statement query = connection.createStatement();
                ResultSet row = query.executeQuery("SELECT count(*) FROM bare_events")) {
            row.next();
            if (row.getLong(1) != events) {
                throw new IllegalStateException("of " + events + " events, " + row.getLong(1) + " were stored");
            }
        }
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
    }
}
