package dev.shadowcat.store.postgres;

import dev.shadowcat.store.StoreException;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.random.RandomGenerator;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.jspecify.annotations.Nullable;

/**
 * The tables, as this version of Shadowcat knows them. Of a version such as 2.1 the first number says who can use them at all: a
 * node uses tables whose first number it knows, whatever a newer node added to them meanwhile.
 */
final class Schema {
    /** Of the newest file of migrations. */
    static final String NEWEST = "1";

    private static final String MIGRATIONS = "classpath:dev/shadowcat/store/postgres/migration";
    private static final int CREDENTIAL_KEY_BYTES = 32;
    /** Any number that no other program takes for its lock. */
    private static final long LOCK = 0x5348_4144_4F57_4341L;

    private Schema() {}

    /**
     * Makes or renews the tables where that is needed; of nodes that start at once, one does.
     *
     * @throws StoreException if that is not allowed, or they are such as this version cannot use
     */
    static void prepare(PostgresUrl url, DataSource database, String schema) {
        try (Connection connection = database.getConnection()) {
            Pooler.refuse(url, connection, database, schema);
            Rights.requireUse(url, connection, schema);
            if (!isCurrent(installed(connection, schema))) {
                try (Statement lock = connection.createStatement()) {
                    lock.execute("SELECT pg_advisory_lock(" + LOCK + ")"); // until this connection ends
                }
                if (!isCurrent(installed(connection, schema))) {
                    requireMakeable(url, connection, schema);
                    migrate(url, database, schema);
                }
            }
            Tables.in(connection, schema).requireKnown(url, schema);
        } catch (SQLException failed) {
            throw Failures.exception(url, failed);
        }
    }

    /**
     * Looks whether the tables are there, and changes nothing.
     *
     * @throws StoreException if they are such as this version cannot use
     */
    static boolean exists(PostgresUrl url, DataSource database, String schema) {
        try (Connection connection = database.getConnection()) {
            return exists(url, connection, schema);
        } catch (SQLException failed) {
            throw Failures.exception(url, failed);
        }
    }

    private static boolean exists(PostgresUrl url, Connection connection, String schema) throws SQLException {
        String version = installed(connection, schema);
        if (version == null) {
            return false;
        }
        requireKnown(version);
        Tables.in(connection, schema).requireKnown(url, schema);
        return true;
    }

    /**
     * As {@link #exists}, for one who would make them.
     *
     * @throws StoreException as {@link #prepare} does
     */
    static boolean existsOrMayBeMade(PostgresUrl url, DataSource database, String schema) {
        try (Connection connection = database.getConnection()) {
            Pooler.refuse(url, connection, database, schema);
            Rights.requireUse(url, connection, schema);
            boolean there = exists(url, connection, schema);
            if (!there) {
                requireMakeable(url, connection, schema);
            }
            return there;
        } catch (SQLException failed) {
            throw Failures.exception(url, failed);
        }
    }

    private static void requireMakeable(PostgresUrl url, Connection connection, String schema) throws SQLException {
        Rights.requireMake(url, connection, schema);
        Tables there = Tables.in(connection, schema);
        if (installed(connection, schema) == null && !there.canBeMade()) {
            there.requireKnown(url, schema);
        }
    }

    /** The version of the tables; null where there are none. */
    private static @Nullable String installed(Connection connection, String schema) throws SQLException {
        try (PreparedStatement query =
                connection.prepareStatement("SELECT to_regclass(format('%I.%I', ?, ?)) IS NOT NULL")) {
            query.setString(1, schema);
            query.setString(2, Tables.HISTORY);
            try (ResultSet found = query.executeQuery()) {
                if (!found.next() || !found.getBoolean(1)) {
                    return null;
                }
            }
        }
        try (Statement query = connection.createStatement();
                ResultSet row = query.executeQuery(
                        "SELECT version FROM " + Tables.HISTORY
                                + " WHERE success AND type <> 'BASELINE' AND version IS NOT NULL ORDER BY installed_rank DESC LIMIT 1")) {
            return row.next() ? row.getString(1) : null;
        }
    }

    private static boolean isCurrent(@Nullable String installed) {
        if (installed == null) {
            return false;
        }
        requireKnown(installed);
        return major(installed) == major(NEWEST) && minor(installed) >= minor(NEWEST);
    }

    private static void requireKnown(String installed) {
        if (major(installed) > major(NEWEST)) {
            throw new StoreException(
                    "the store has format " + installed + ", but this version of Shadowcat reads up to " + NEWEST
                            + ": use the version that wrote it, or a newer one",
                    null);
        }
    }

    private static int major(String version) {
        return Integer.parseInt(version.split("\\.", 2)[0]);
    }

    private static int minor(String version) {
        int dot = version.indexOf('.');
        return dot < 0 ? 0 : Integer.parseInt(version.substring(dot + 1));
    }

    private static void migrate(PostgresUrl url, DataSource database, String schema) {
        try {
            Flyway.configure(Schema.class.getClassLoader())
                    .dataSource(database)
                    .schemas(schema)
                    .table(Tables.HISTORY)
                    .locations(MIGRATIONS)
                    .baselineOnMigrate(true) // other tables may be there already
                    .baselineVersion("0")
                    .load()
                    .migrate();
        } catch (FlywayException failed) {
            for (Throwable cause = failed; cause != null; cause = cause.getCause()) {
                if (cause instanceof SQLException refused) {
                    throw Failures.exception(url, refused);
                }
            }
            String reason =
                    String.valueOf(failed.getMessage()).lines().findFirst().orElse("");
            throw new StoreException("the tables in " + url + " could not be made: " + reason, failed);
        }
    }

    /** The key for hashing credentials; made by whichever node needs it first. */
    static byte[] credentialKey(Connection connection) throws SQLException {
        byte[] known = readCredentialKey(connection);
        if (known != null) {
            return known;
        }
        byte[] made = new byte[CREDENTIAL_KEY_BYTES];
        RandomGenerator strong = new SecureRandom();
        strong.nextBytes(made);
        try (PreparedStatement insert = connection.prepareStatement(
                "INSERT INTO identity (credential_key) VALUES (?) ON CONFLICT DO NOTHING")) {
            insert.setBytes(1, made);
            insert.execute();
        }
        byte[] first = readCredentialKey(connection);
        if (first == null) {
            throw new StoreException("the store is damaged: it keeps no credential key", null);
        }
        return first;
    }

    private static byte @Nullable [] readCredentialKey(Connection connection) throws SQLException {
        try (Statement query = connection.createStatement();
                ResultSet row = query.executeQuery("SELECT credential_key FROM identity")) {
            return row.next() ? row.getBytes(1) : null;
        }
    }
}
