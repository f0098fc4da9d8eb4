package dev.shadowcat.store.postgres;

import dev.shadowcat.store.StoreException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
import org.postgresql.PGConnection;

/**
 * What may stand between a node and the server, and lose what a connection is set to: the schema at its start, or, where it lends one
 * connection of the server's to several of its own in turn, everything, prepared statements and locks too.
 */
final class Pooler {
    private Pooler() {}

    /**
     * Looks for one. That two connections which are open at a time are one on the server shows it beyond doubt; one that gives each its
     * own, set as it was asked to be, is let pass.
     *
     * @throws StoreException if there is one
     */
    static void refuse(PostgresUrl url, Connection connection, DataSource database, String schema) throws SQLException {
        Answering first = Answering.to(connection);
        if (first.process() == connection.unwrap(PGConnection.class).getBackendPID()) {
            return; // told by the server itself when the connection was made
        }
        try (Connection second = database.getConnection()) {
            if (!first.schema().equals(schema) || Answering.to(second).process() == first.process()) {
                throw new StoreException(
                        "the database " + url + " is reached through a pooler that loses what a connection is set to"
                                + " (PgBouncer?): connect to the server itself",
                        null);
            }
        }
    }

    /** Which of the server's processes answers, and the schema that it looks for tables in. */
    private record Answering(int process, String schema) {
        static Answering to(Connection connection) throws SQLException {
            try (Statement query = connection.createStatement();
                    ResultSet row = query.executeQuery("SELECT pg_backend_pid(), current_setting('search_path')")) {
                row.next();
                return new Answering(row.getInt(1), row.getString(2));
            }
        }
    }
}
