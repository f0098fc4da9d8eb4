package dev.shadowcat.store.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Keys for the events of new streams, fetched in blocks, so that few streams cost a round trip. One thread.
 *
 * <p>A block is ours once the transaction that fetched it is through: what a sequence gave to one that failed may be given again
 * after a crash of the server.
 */
final class StreamKeys {
    /** As the sequence in the database says. */
    private static final int BLOCK = 64;

    private long next;
    private long end;

    long next(Connection connection) throws SQLException {
        if (next == end) {
            try (Statement query = connection.createStatement();
                    ResultSet row = query.executeQuery("SELECT nextval('stream_keys')")) {
                row.next();
                next = row.getLong(1);
                end = next + BLOCK;
            }
        }
        return next++;
    }

    /** Leaves the rest of the block unused. */
    void forget() {
        next = end;
    }
}
