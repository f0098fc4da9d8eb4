package dev.shadowcat.store.postgres;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.time.Duration;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A database that is asked for a connection until it gives one, so that a pool has it within a moment of the server's return: by
 * itself it would let up to 5 s pass between two tries. Any thread.
 */
final class PatientDatabase implements DataSource, AutoCloseable {
    private static final Duration PAUSE = Duration.ofMillis(500);

    private final DataSource database;
    private final Pause pause;
    private volatile @Nullable SQLException failure;
    private volatile boolean closed;

    /** Lets time pass. */
    interface Pause {
        void last(Duration duration) throws InterruptedException;
    }

    PatientDatabase(DataSource database, Pause pause) {
        this.database = database;
        this.pause = pause;
    }

    /** Waits for as long as it takes, or until this is closed. */
    @Override
    public Connection getConnection() throws SQLException {
        while (true) {
            try {
                Connection connection = database.getConnection();
                failure = null;
                return connection;
            } catch (SQLException failed) {
                failure = failed;
                if (closed || !paused()) {
                    throw failed;
                }
            }
        }
    }

    private boolean paused() {
        try {
            pause.last(PAUSE);
            return true;
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Why the newest try failed; null where it did not. */
    @Nullable
    SQLException failure() {
        return failure;
    }

    /** Whoever waits is told of the next failure. */
    @Override
    public void close() {
        closed = true;
    }

    @Override
    public Connection getConnection(String username, String password) throws SQLException {
        throw new SQLFeatureNotSupportedException("the database knows who logs in");
    }

    @Override
    public @Nullable PrintWriter getLogWriter() throws SQLException {
        return database.getLogWriter();
    }

    @Override
    public void setLogWriter(@Nullable PrintWriter out) throws SQLException {
        database.setLogWriter(out);
    }

    @Override
    public void setLoginTimeout(int seconds) throws SQLException {
        database.setLoginTimeout(seconds);
    }

    @Override
    public int getLoginTimeout() throws SQLException {
        return database.getLoginTimeout();
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
        return database.getParentLogger();
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        return database.unwrap(type);
    }

    @Override
    public boolean isWrapperFor(Class<?> type) throws SQLException {
        return database.isWrapperFor(type);
    }
}
