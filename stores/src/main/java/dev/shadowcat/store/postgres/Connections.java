package dev.shadowcat.store.postgres;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A bounded number of connections to one database. The worker's appends and the lease's renewals find one free whatever is being
 * read: each is one thread, and all others share what two leave.
 */
final class Connections implements AutoCloseable {
    private static final int RESERVED = 2;
    private static final int IDLE = 2;
    private static final Duration IDLE_TIMEOUT = Duration.ofMinutes(1);
    /** A statement is given up by the server before we give up the server, so that it leaves no locks behind. */
    private static final Duration MARGIN = Duration.ofMillis(500);

    private final PatientDatabase database;
    private final HikariDataSource pool;
    private final Semaphore shared;
    private final long waitMillis;

    /** What is done with a connection. */
    @FunctionalInterface
    interface Work<T> {
        T with(Connection connection) throws SQLException;
    }

    private Connections(PatientDatabase database, HikariConfig config, int shared, long waitMillis) {
        this.database = database;
        this.pool = new HikariDataSource(config);
        this.shared = new Semaphore(shared);
        this.waitMillis = waitMillis;
    }

    /** Connects when it is first asked to. */
    static Connections to(PGSimpleDataSource database, PostgresSettings settings, boolean readOnly) {
        PatientDatabase patient = new PatientDatabase(database, Thread::sleep);
        HikariConfig config = new HikariConfig();
        config.setPoolName("shadowcat-postgres");
        config.setDataSource(patient);
        config.setMaximumPoolSize(settings.connections());
        config.setMinimumIdle(readOnly ? 0 : IDLE);
        config.setIdleTimeout(IDLE_TIMEOUT.toMillis());
        config.setConnectionTimeout(settings.connectTimeout().toMillis());
        config.setValidationTimeout(settings.validationTimeout().toMillis());
        config.setInitializationFailTimeout(-1);
        config.setConnectionInitSql(String.join("; ", session(settings, readOnly)));
        return new Connections(
                patient,
                config,
                settings.connections() - RESERVED,
                settings.connectTimeout().toMillis());
    }

    /**
     * Each statement of ours finds its rows by an index, in tables that may have grown a thousandfold since their statistics were
     * taken: so the planner is left no other way, and is asked once a connection.
     */
    private static List<String> session(PostgresSettings settings, boolean readOnly) {
        long statementMillis = settings.answerTimeout().minus(MARGIN).toMillis();
        // A node that is stopped in the middle of a transaction must not keep its sessions locked from those who claim
        // them.
        List<String> session = new ArrayList<>(
                List.of(
                        "SET default_transaction_isolation = 'read committed'",
                        "SET statement_timeout = " + statementMillis,
                        "SET idle_in_transaction_session_timeout = "
                                + settings.leaseTimeout().toMillis(),
                        "SET enable_seqscan = off",
                        "SET enable_bitmapscan = off",
                        "SET enable_hashjoin = off",
                        "SET enable_mergejoin = off",
                        "SET plan_cache_mode = force_generic_plan",
                        "SET jit = off",
                        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"));
        if (readOnly) { // and left as it is otherwise: it is how operators close a database for a while
            session.add("SET default_transaction_read_only = on");
        }
        return session;
    }

    /** For the worker, or for whoever renews the lease: one thread each. */
    <T> T reserved(Work<T> work) throws SQLException {
        try (Connection connection = connection()) {
            return work.with(connection);
        }
    }

    private Connection connection() throws SQLException {
        try {
            return pool.getConnection();
        } catch (SQLException late) {
            SQLException reason = database.failure();
            throw reason == null ? late : reason;
        }
    }

    /** As {@link #reserved(Work)}; a server that says nothing for so long is given up, with its connection. */
    <T> T reserved(Duration timeout, Work<T> work) throws SQLException {
        return reserved(connection -> {
            connection.setNetworkTimeout(Runnable::run, Math.toIntExact(timeout.toMillis())); // the pool takes it back
            return work.with(connection);
        });
    }

    /** For all others, who wait for each other. */
    <T> T shared(Work<T> work) throws SQLException {
        boolean mine = false;
        try {
            mine = shared.tryAcquire(waitMillis, TimeUnit.MILLISECONDS);
            if (!mine) {
                throw new SQLTransientConnectionException(
                        "all connections were in use for " + waitMillis + " ms", "53300");
            }
            return reserved(work);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new SQLTransientConnectionException(
                    "interrupted while waiting for a connection", "57014", interrupted);
        } finally {
            if (mine) {
                shared.release();
            }
        }
    }

    /** The work is one transaction, which is undone where it does not commit by itself. */
    static <T> T transaction(Connection connection, Work<T> work) throws SQLException {
        connection.setAutoCommit(false);
        try {
            T result = work.with(connection);
            connection.commit();
            return result;
        } catch (SQLException | RuntimeException failed) {
            undo(connection, failed);
            throw failed;
        }
    }

    private static void undo(Connection connection, Exception failed) {
        try {
            connection.rollback();
        } catch (SQLException alsoGone) {
            failed.addSuppressed(alsoGone);
        }
    }

    @Override
    public void close() {
        database.close();
        pool.close();
    }
}
