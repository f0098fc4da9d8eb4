package dev.shadowcat.store.postgres;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.NodeIdentity;
import dev.shadowcat.store.Renewals;
import dev.shadowcat.store.SharedStore.Claim;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Who holds which session, as one node sees it. A session's row says who holds it; a node's row says until when its lease runs, by
 * the server's clock. Locks are taken in this order: nodes, then sessions, then streams.
 *
 * <p>Who takes a session of another node, or ends it, locks that node's row ({@code FOR UPDATE}) and puts a new fence there; an append
 * holds its own node's row until it is through ({@code FOR KEY SHARE}, which a renewal does not wait for). So where an append finds
 * the fence that it found before, all sessions that the node held then are held still.
 */
final class Leases {
    private static final String RENEW = """
            UPDATE nodes n
            SET expires_at = clock_timestamp() + ? * interval '1 millisecond', resumed = false, address = ?
            FROM (SELECT incarnation, expires_at FROM nodes WHERE incarnation = ? FOR NO KEY UPDATE) before
            WHERE n.incarnation = before.incarnation
            RETURNING before.expires_at > clock_timestamp()""";
    private static final String BEGIN = """
            INSERT INTO nodes (incarnation, address, expires_at)
            VALUES (?, ?, clock_timestamp() + ? * interval '1 millisecond')""";
    /** A node that holds sessions stays known, however long it is gone: they are abandoned by their holder's row. */
    private static final String FORGET = """
            DELETE FROM nodes n WHERE n.expires_at < clock_timestamp() - interval '1 hour'
            AND NOT EXISTS (SELECT FROM sessions s WHERE s.holder = n.incarnation)""";

    /** Without an address it is one that gave its lease back; else the lease has run out. */
    private static final String LEAVE =
            "UPDATE nodes SET expires_at = clock_timestamp(), address = '' WHERE incarnation = ?";

    private static final String LOOK = """
            SELECT s.id, s.holder, (
              SELECT n.address FROM nodes n WHERE n.incarnation = s.holder AND n.expires_at > clock_timestamp()),
              EXISTS (SELECT FROM nodes n WHERE n.incarnation = s.holder AND n.address = '')
            FROM sessions s WHERE s.id = ANY(?)""";
    /**
     * Waits for what the node has under way. Its lease cannot be renewed until the claim is through: so a node whose lease was
     * renewed sees what it lost before.
     */
    private static final String LOCK_NODE = """
            SELECT expires_at > clock_timestamp() FROM nodes WHERE incarnation = ? FOR UPDATE""";

    /** Where the server waits for the rest of a batch that may never come: none of its timeouts runs meanwhile. */
    private static final String CUT_OFF = """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND right(application_name, length(?)) = ? AND wait_event = 'ClientRead'
            AND xact_start < clock_timestamp() - ? * interval '1 millisecond'""";

    private static final String CHANGE_FENCE = "UPDATE nodes SET fence = DEFAULT WHERE incarnation = ?";
    private static final String LOCK_SESSION = "SELECT holder FROM sessions WHERE id = ? FOR NO KEY UPDATE";

    private static final String TAKE = "UPDATE sessions SET holder = ? WHERE id = ANY(?) AND holder = ? RETURNING id";

    private static final String HELD = "SELECT id FROM sessions WHERE id = ANY(?) AND holder = ?";

    private static final String OTHERS = """
            SELECT s.id FROM sessions s JOIN nodes n ON n.incarnation = s.holder
            WHERE s.id = ANY(?) AND s.holder <> ? AND n.expires_at > clock_timestamp()""";

    private static final String RUNNING = """
            SELECT address FROM nodes WHERE incarnation <> ? AND expires_at > clock_timestamp()""";

    private static final String GONE = """
            SELECT incarnation FROM nodes WHERE expires_at <= clock_timestamp() AND NOT resumed""";
    private static final String ABANDONED = """
            SELECT s.id FROM sessions s
            WHERE s.holder = ANY(?) AND EXISTS (SELECT FROM streams t WHERE t.session = s.id AND t.open)
            LIMIT ?""";
    /** What a node had under way when it went is stored or undone after a minute. */
    private static final String RESUMED = """
            UPDATE nodes SET resumed = true
            WHERE incarnation = ANY(?) AND expires_at <= clock_timestamp() - interval '1 minute'""";

    private static final int LONGEST_NAME = 63; // of what the server keeps of an application's name

    private final NodeIdentity node;
    private final Duration lease;
    private final Duration timeout;
    private final Renewals renewals;

    Leases(NodeIdentity node, PostgresSettings settings) {
        this.node = node;
        this.lease = settings.lease();
        this.timeout = settings.leaseTimeout();
        this.renewals = new Renewals(lease, System::nanoTime);
    }

    String incarnation() {
        return node.incarnation();
    }

    String address() {
        return node.address();
    }

    Duration length() {
        return lease;
    }

    /** Bound on renewing it. */
    Duration timeout() {
        return timeout;
    }

    /** See {@link dev.shadowcat.store.SharedStore#renew}. */
    boolean renew(Connection connection) throws SQLException {
        long asked = System.nanoTime();
        Boolean unbroken = extend(connection);
        if (unbroken == null) {
            begin(connection);
        }
        renewals.answered(asked);
        return unbroken != null && unbroken;
    }

    private void begin(Connection connection) throws SQLException {
        try (PreparedStatement begin = connection.prepareStatement(BEGIN)) {
            begin.setString(1, node.incarnation());
            begin.setString(2, node.address());
            begin.setLong(3, lease.toMillis());
            begin.execute();
        }
        try (PreparedStatement forget = connection.prepareStatement(FORGET)) {
            forget.execute();
        }
    }

    /** Whether the lease still ran; null where the node is not known. */
    private @Nullable Boolean extend(Connection connection) throws SQLException {
        try (PreparedStatement renew = connection.prepareStatement(RENEW)) {
            renew.setLong(1, lease.toMillis());
            renew.setString(2, node.address());
            renew.setString(3, node.incarnation());
            try (ResultSet row = renew.executeQuery()) {
                return row.next() ? row.getBoolean(1) : null;
            }
        }
    }

    void leave(Connection connection) throws SQLException {
        try (PreparedStatement leave = connection.prepareStatement(LEAVE)) {
            leave.setString(1, node.incarnation());
            leave.execute();
        }
    }

    /** By which renewal leases of others may be gone by that are seen to have run out from now on. */
    long newestRenewal() {
        return renewals.newest();
    }

    /**
     * See {@link dev.shadowcat.store.SharedStore#claim}. Locks nothing of a session that is not to be had, or is held already. Those of
     * one node are taken in one transaction.
     *
     * @param renewal the newest before
     * @return whose each of them is
     */
    Map<SessionId, Claim> claim(Connection connection, Collection<SessionId> sessions, long renewal)
            throws SQLException {
        Map<SessionId, Claim> claims = new HashMap<>();
        Set<SessionId> left = new HashSet<>(sessions);
        while (!left.isEmpty()) {
            Map<String, List<SessionId>> free = new HashMap<>(); // by who held them
            Map<SessionId, Seen> seen = look(connection, left);
            for (SessionId session : left) {
                switch (seen.get(session)) {
                    case null -> claims.put(session, new Claim.Absent());
                    case Seen known when known.isHeldBy(node) -> claims.put(session, Claim.Held.BEFORE);
                    case Seen(String holder, String runningAt, boolean _)
                    when runningAt == null ->
                        free.computeIfAbsent(holder, key -> new ArrayList<>()).add(session);
                    case Seen(String _, String runningAt, boolean _) ->
                        claims.put(session, new Claim.Elsewhere(runningAt));
                }
            }
            for (Map.Entry<String, List<SessionId>> each : free.entrySet()) {
                Claim taken = left(seen, each.getKey()) ? Claim.Held.HANDED_OVER : Claim.Held.TAKEN_OVER;
                Connections.transaction(
                                connection, transaction -> take(transaction, each.getKey(), each.getValue(), renewal))
                        .forEach(session -> claims.put(session, taken));
            }
            left.removeAll(claims.keySet());
        }
        return claims;
    }

    private static boolean left(Map<SessionId, Seen> seen, String holder) {
        return seen.values().stream().anyMatch(each -> each.holder().equals(holder) && each.left());
    }

    /** Those that it got; none where their holder's lease runs again. */
    private Set<SessionId> take(Connection transaction, String holder, List<SessionId> sessions, long renewal)
            throws SQLException {
        if (shutOut(transaction, holder)) {
            return Set.of();
        }
        renewals.requireFresh(renewal);
        return those(new Script().add(TAKE, node.incarnation(), many(sessions), holder), transaction);
    }

    /**
     * Does something with a session in a transaction, where this node holds it or nobody whose lease runs does.
     *
     * @param renewal the newest before
     * @return false where that is not so
     */
    boolean ending(Connection connection, SessionId session, long renewal, Connections.Work<Boolean> end)
            throws SQLException {
        while (true) {
            Seen seen = look(connection, List.of(session)).get(session);
            if (seen == null || (!seen.isHeldBy(node) && seen.runningAt() != null)) {
                return false;
            }
            Optional<Boolean> ended = Connections.transaction(
                    connection,
                    transaction -> lock(transaction, session, seen, renewal)
                            ? Optional.of(end.with(transaction))
                            : Optional.empty());
            if (ended.isPresent()) {
                return ended.get();
            }
        }
    }

    /**
     * Who holds a session, as it was seen without a lock.
     *
     * @param runningAt the holder's address; null where its lease does not run
     * @param left whether the holder gave its lease back
     */
    private record Seen(String holder, @Nullable String runningAt, boolean left) {
        boolean isHeldBy(NodeIdentity node) {
            return holder.equals(node.incarnation());
        }
    }

    /** Those that exist. */
    private static Map<SessionId, Seen> look(Connection connection, Collection<SessionId> sessions)
            throws SQLException {
        Map<SessionId, Seen> seen = new HashMap<>();
        try (PreparedStatement look = new Script().add(LOOK, many(sessions)).run(connection);
                ResultSet row = look.getResultSet()) {
            while (row.next()) {
                seen.put(
                        Uuids.session(row.getObject(1, UUID.class)),
                        new Seen(row.getString(2), row.getString(3), row.getBoolean(4)));
            }
        }
        return seen;
    }

    private static Script.Many many(Collection<SessionId> sessions) {
        return new Script.Many("uuid", sessions.stream().map(Uuids::of).toArray(UUID[]::new));
    }

    /**
     * Locks a session until the transaction ends, and shuts its holder out, this node's own worker included.
     *
     * @return false where it is not any more as it was seen
     */
    private boolean lock(Connection transaction, SessionId session, Seen seen, long renewal) throws SQLException {
        boolean runs = shutOut(transaction, seen.holder());
        if (!seen.isHeldBy(node)) {
            if (runs) {
                return false;
            }
            renewals.requireFresh(renewal);
        }
        try (PreparedStatement lock = transaction.prepareStatement(LOCK_SESSION)) {
            lock.setObject(1, Uuids.of(session));
            try (ResultSet row = lock.executeQuery()) {
                return row.next() && row.getString(1).equals(seen.holder());
            }
        }
    }

    /** Shuts out what this node itself sent and does not know the fate of. */
    void forsake(Connection transaction) throws SQLException {
        shutOut(transaction, node.incarnation());
    }

    /**
     * Waits for what a node has under way, and lets nothing through that it sent before and that comes after the transaction.
     *
     * @return whether its lease runs; it is not renewed until the transaction ends
     */
    private boolean shutOut(Connection transaction, String incarnation) throws SQLException {
        Boolean runs = lockNode(transaction, LOCK_NODE + " SKIP LOCKED", incarnation);
        if (runs == null) {
            cutOff(transaction, incarnation);
            runs = lockNode(transaction, LOCK_NODE, incarnation);
        }
        try (PreparedStatement change = transaction.prepareStatement(CHANGE_FENCE)) {
            change.setString(1, incarnation);
            change.execute();
        }
        return runs != null && runs;
    }

    /** Whether the node's lease runs; null where there is no such node, or none that can be locked. */
    private static @Nullable Boolean lockNode(Connection transaction, String statement, String incarnation)
            throws SQLException {
        try (PreparedStatement lock = transaction.prepareStatement(statement)) {
            lock.setString(1, incarnation);
            try (ResultSet row = lock.executeQuery()) {
                return row.next() ? row.getBoolean(1) : null;
            }
        }
    }

    /** Ends connections on which a node stopped, or was cut off, in the middle of sending a batch. */
    private void cutOff(Connection transaction, String incarnation) throws SQLException {
        try (PreparedStatement cut = transaction.prepareStatement(CUT_OFF)) {
            cut.setString(1, suffix(incarnation));
            cut.setString(2, suffix(incarnation));
            cut.setLong(3, timeout.dividedBy(2).toMillis());
            cut.execute();
        }
    }

    /** What the node's connections are called, so that others can tell whose they are. */
    static String connectionName(@Nullable String name, NodeIdentity node) {
        String suffix = suffix(node.incarnation());
        String prefix = name == null ? "" : name;
        return prefix.substring(0, Math.min(prefix.length(), Math.max(0, LONGEST_NAME - suffix.length()))) + suffix;
    }

    private static String suffix(String incarnation) {
        return " " + incarnation;
    }

    Set<SessionId> lost(Connection connection, Collection<SessionId> sessions) throws SQLException {
        Set<SessionId> lost = new HashSet<>(sessions);
        lost.removeAll(those(HELD, connection, sessions));
        return lost;
    }

    Set<SessionId> heldByOthers(Connection connection, Collection<SessionId> sessions) throws SQLException {
        return those(OTHERS, connection, sessions);
    }

    List<String> others(Connection connection) throws SQLException {
        List<String> others = new ArrayList<>();
        try (PreparedStatement query = connection.prepareStatement(RUNNING)) {
            query.setString(1, node.incarnation());
            try (ResultSet row = query.executeQuery()) {
                while (row.next()) {
                    others.add(row.getString(1));
                }
            }
        }
        return others;
    }

    private Set<SessionId> those(String query, Connection connection, Collection<SessionId> sessions)
            throws SQLException {
        return those(new Script().add(query, many(sessions), node.incarnation()), connection);
    }

    private static Set<SessionId> those(Script query, Connection connection) throws SQLException {
        Set<SessionId> those = new HashSet<>();
        try (PreparedStatement asked = query.run(connection);
                ResultSet row = asked.getResultSet()) {
            while (row.next()) {
                those.add(Uuids.session(row.getObject(1, UUID.class)));
            }
        }
        return those;
    }

    /** Looks at the nodes first, of which there are few: mostly that is all. */
    List<SessionId> abandoned(Connection connection, int limit) throws SQLException {
        String[] gone = gone(connection);
        if (gone.length == 0) {
            return List.of();
        }
        List<SessionId> abandoned = new ArrayList<>();
        try (PreparedStatement query = new Script()
                        .add(ABANDONED, new Script.Many("text", gone), limit)
                        .run(connection);
                ResultSet row = query.getResultSet()) {
            while (row.next()) {
                abandoned.add(Uuids.session(row.getObject(1, UUID.class)));
            }
        }
        if (abandoned.isEmpty() && limit > 0) {
            new Script()
                    .add(RESUMED, new Script.Many("text", gone))
                    .run(connection)
                    .close();
        }
        return abandoned;
    }

    private static String[] gone(Connection connection) throws SQLException {
        List<String> gone = new ArrayList<>();
        try (PreparedStatement query = connection.prepareStatement(GONE);
                ResultSet row = query.executeQuery()) {
            while (row.next()) {
                gone.add(row.getString(1));
            }
        }
        return gone.toArray(String[]::new);
    }
}
