package dev.shadowcat.store.postgres;

import java.time.Duration;

/**
 * How a node uses a PostgreSQL database.
 *
 * @param lease how long the node holds its sessions after each renewal, by the server's clock
 * @param connections bound on the connections that are open at once; two of them are never taken by reads
 * @param connectTimeout bound on making a connection, and on waiting for one that is free
 * @param answerTimeout bound on each statement: a server that says nothing for so long counts as gone
 */
public record PostgresSettings(Duration lease, int connections, Duration connectTimeout, Duration answerTimeout) {
    private static final int FEWEST_CONNECTIONS = 3;
    private static final Duration SHORTEST_LEASE = Duration.ofMillis(1);
    /** The pool takes no shorter one. */
    private static final Duration SHORTEST_TIMEOUT = Duration.ofSeconds(1);

    public static final PostgresSettings DEFAULTS =
            new PostgresSettings(Duration.ofSeconds(2), 10, Duration.ofSeconds(3), Duration.ofSeconds(10));

    public PostgresSettings {
        require("lease", lease.compareTo(SHORTEST_LEASE) >= 0, SHORTEST_LEASE, lease);
        require("connections", connections >= FEWEST_CONNECTIONS, FEWEST_CONNECTIONS, connections);
        require("connect-timeout", connectTimeout.compareTo(SHORTEST_TIMEOUT) >= 0, SHORTEST_TIMEOUT, connectTimeout);
        require("answer-timeout", answerTimeout.compareTo(SHORTEST_TIMEOUT) >= 0, SHORTEST_TIMEOUT, answerTimeout);
    }

    /** The same with another lease. */
    public PostgresSettings withLease(Duration other) {
        return new PostgresSettings(other, connections, connectTimeout, answerTimeout);
    }

    /** Bound on what has to be over within a lease. */
    Duration leaseTimeout() {
        return longer(lease, SHORTEST_TIMEOUT);
    }

    /** Bound on finding out that a connection is dead: a renewal that meets one has time for another. */
    Duration validationTimeout() {
        Duration half = longer(lease.dividedBy(2), SHORTEST_TIMEOUT);
        return half.compareTo(connectTimeout) < 0 ? half : connectTimeout;
    }

    private static Duration longer(Duration one, Duration other) {
        return one.compareTo(other) > 0 ? one : other;
    }

    private static void require(String key, boolean holds, Object least, Object value) {
        if (!holds) {
            throw new IllegalArgumentException(
                    "postgresql." + key + ": must be at least " + least + ", but was " + value);
        }
    }
}
