package dev.shadowcat.store.postgres;

import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.NodeIdentity;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.store.StoreException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import org.postgresql.ds.PGSimpleDataSource;

/** Opens stores in PostgreSQL databases. */
public final class PostgresStores {
    /** Ours alone, so that no table of another program has the name of one of ours. */
    private static final String SCHEMA = "shadowcat";

    private static final String SCHEMA_PARAMETER = "currentSchema";

    private PostgresStores() {}

    /**
     * Opens the store for one node, and makes or renews its tables where that is needed. The node has no lease until it asks.
     *
     * @throws StoreException if the database cannot be reached, refuses us, or has tables that this version cannot use; the message is
     *     one line for the user
     */
    public static SharedStore open(PostgresUrl url, PostgresSettings settings, NodeIdentity node) {
        PGSimpleDataSource database = database(url, settings);
        database.setApplicationName(Leases.connectionName(database.getApplicationName(), node));
        PGSimpleDataSource patient = database(url, settings);
        patient.setSocketTimeout(0); // a change of large tables takes its time
        Schema.prepare(url, patient, schema(url));
        Connections connections = Connections.to(database, settings, false);
        return new PostgresStore(url, connections, new Leases(node, settings), credentialKey(url, connections));
    }

    /**
     * Whether a database holds a store; where it holds none, one can be made there. Changes nothing.
     *
     * @throws StoreException if it cannot be reached, refuses us, has tables that this version cannot use, or lets us make none
     */
    public static boolean exists(PostgresUrl url, PostgresSettings settings) {
        return Schema.existsOrMayBeMade(url, database(url, settings), schema(url));
    }

    /**
     * Opens the store for reading, whatever nodes use it. Writes throw.
     *
     * @throws StoreException as {@link #open} does, and if nothing was stored yet
     */
    public static EventStore openReadOnly(PostgresUrl url, PostgresSettings settings) {
        PGSimpleDataSource database = database(url, settings);
        if (!Schema.exists(url, database, schema(url))) {
            throw new StoreException("nothing was stored yet in the database " + url, null);
        }
        Connections connections = Connections.to(database, settings, true);
        return new ReadOnlyPostgresStore(url, connections, credentialKey(url, connections));
    }

    /** The first that is asked of new connections, which go where it fails. */
    private static byte[] credentialKey(PostgresUrl url, Connections connections) {
        try {
            return connections.shared(Schema::credentialKey);
        } catch (SQLException failed) {
            connections.close();
            throw Failures.exception(url, failed);
        } catch (RuntimeException failed) {
            connections.close();
            throw failed;
        }
    }

    static PGSimpleDataSource database(PostgresUrl url, PostgresSettings settings) {
        PGSimpleDataSource database = new PGSimpleDataSource();
        database.setServerNames(url.hosts().stream().map(PostgresUrl.Host::name).toArray(String[]::new));
        database.setPortNumbers(
                url.hosts().stream().mapToInt(PostgresUrl.Host::port).toArray());
        String user = url.user() == null ? System.getProperty("user.name") : url.user();
        database.setUser(user);
        database.setDatabaseName(url.database() == null ? user : url.database());
        database.setPassword(url.password());
        database.setApplicationName("shadowcat");
        database.setCurrentSchema(SCHEMA);
        database.setConnectTimeout(seconds(settings.connectTimeout()));
        database.setLoginTimeout(seconds(settings.connectTimeout()));
        database.setSocketTimeout(seconds(settings.answerTimeout()));
        database.setTcpKeepAlive(true);
        try {
            for (Map.Entry<String, String> parameter : url.parameters().entrySet()) {
                database.setProperty(parameter.getKey(), parameter.getValue());
            }
        } catch (SQLException wrong) {
            throw Failures.exception(url, wrong);
        }
        return database;
    }

    private static String schema(PostgresUrl url) {
        return url.parameters().getOrDefault(SCHEMA_PARAMETER, SCHEMA);
    }

    private static int seconds(Duration timeout) {
        return Math.toIntExact(Math.max(1, timeout.toSeconds()));
    }
}
