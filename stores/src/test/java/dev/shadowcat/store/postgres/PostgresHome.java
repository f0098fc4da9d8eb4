package dev.shadowcat.store.postgres;

import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.NodeIdentity;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.testkit.PostgresServer;
import dev.shadowcat.testkit.SharedStoreHome;
import dev.shadowcat.testkit.StoreHome;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.postgresql.ds.PGSimpleDataSource;

/** Tables in the test run's server that no other test uses meanwhile; they are emptied, and used again. */
final class PostgresHome implements StoreHome, SharedStoreHome {
    static final PostgresSettings SETTINGS =
            new PostgresSettings(Duration.ofMinutes(5), 5, Duration.ofSeconds(10), Duration.ofSeconds(30));
    private static final NodeIdentity NODE = new NodeIdentity("the node", "10.0.0.1:8080");
    private static final Queue<String> FREE = new ConcurrentLinkedQueue<>();

    private final String url;

    PostgresHome() {
        String used = FREE.poll();
        url = used == null ? PostgresServer.shared().newUrl() : used;
    }

    PostgresUrl url() {
        return PostgresUrl.parse(url);
    }

    @Override
    public EventStore open() {
        return PostgresStores.open(url(), SETTINGS, NODE);
    }

    @Override
    public SharedStore open(NodeIdentity node, Duration lease) {
        return PostgresStores.open(url(), SETTINGS.withLease(lease), node);
    }

    @Override
    public boolean remembers() {
        return true;
    }

    @Override
    public void close() {
        execute(url(), "TRUNCATE identity, nodes, sessions, session_records, streams, events");
        FREE.add(url);
    }

    /** Does something to a database behind a store's back. */
    static void execute(PostgresUrl url, String sql) {
        try (Connection connection = connect(url);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException failed) {
            throw new AssertionError(failed);
        }
    }

    static Connection connect(PostgresUrl url) throws SQLException {
        PGSimpleDataSource database = new PGSimpleDataSource();
        database.setServerNames(new String[] {url.hosts().getFirst().name()});
        database.setPortNumbers(new int[] {url.hosts().getFirst().port()});
        database.setUser(url.user());
        database.setPassword(url.password());
        database.setDatabaseName(url.database());
        for (Map.Entry<String, String> parameter : url.parameters().entrySet()) {
            database.setProperty(parameter.getKey(), parameter.getValue());
        }
        return database.getConnection();
    }
}
