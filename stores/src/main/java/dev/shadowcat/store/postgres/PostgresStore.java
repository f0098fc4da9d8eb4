package dev.shadowcat.store.postgres;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.format.RecordWriter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The store that nodes share in a PostgreSQL database, as one of them uses it. A batch is one transaction, which the server has on
 * its disk before it answers ({@code synchronous_commit}): nothing acknowledged is lost, so the boot epoch stays 0. Where another server
 * may take over, that holds with synchronous replication only.
 */
final class PostgresStore extends PostgresReads implements SharedStore {
    private static final String DELETE_IDLE = "DELETE FROM sessions WHERE id = ? AND last_active <= ?";
    private static final String DELETE_EVENTS_OF =
            "DELETE FROM events WHERE stream = ANY(ARRAY(SELECT key FROM streams WHERE session = ?))";
    private static final String DELETE_STREAMS_OF = "DELETE FROM streams WHERE session = ?";
    private static final String DELETE_RECORDS_OF = "DELETE FROM session_records WHERE id = ?";

    private final Leases leases;
    private final GatheredClaims claims = new GatheredClaims(this::claimAll);
    private final StreamKeys keys = new StreamKeys(); // the worker's thread only
    private final RecordWriter records = new RecordWriter(); // the worker's thread only
    private final HeldSessions held = new HeldSessions(); // the worker's thread only
    private boolean doubtful; // whether what was sent before may come yet; the worker's thread only
    private boolean violated; // a rule of the tables, by the append before; the worker's thread only

    PostgresStore(PostgresUrl url, Connections connections, Leases leases, byte[] credentialKey) {
        super(url, connections, credentialKey);
        this.leases = leases;
    }

    @Override
    public AppendOutcome append(List<StoreWrite> batch) {
        if (batch.isEmpty()) {
            return AppendOutcome.Stored.ALL;
        }
        try {
            AppendOutcome outcome = connections.reserved(connection -> append(connection, batch));
            violated = false;
            return outcome;
        } catch (SQLException failed) {
            forsake();
            boolean before = violated;
            violated = Failures.isViolation(failed);
            return Failures.outcome(url, failed, before);
        } catch (RuntimeException failed) {
            forsake();
            throw failed;
        } finally {
            records.trim();
        }
    }

    /** What became of an append is not known. */
    private void forsake() {
        keys.forget();
        held.forget();
        doubtful = true;
    }

    private AppendOutcome append(Connection connection, List<StoreWrite> batch) throws SQLException {
        if (doubtful) {
            Connections.transaction(connection, transaction -> {
                leases.forsake(transaction);
                return true;
            });
            doubtful = false;
        }
        return appendKnown(connection, batch)
                ? AppendOutcome.Stored.ALL
                : Connections.transaction(connection, transaction -> lockAndAppend(transaction, batch));
    }

    /**
     * In one round trip, where all that the batch goes on from is known.
     *
     * @return whether it was stored; else the database has to be asked
     */
    private boolean appendKnown(Connection connection, List<StoreWrite> batch) throws SQLException {
        Fence fence = held.fence();
        Collection<SessionChange> changes = held.changes(batch);
        if (fence == null || changes == null) {
            return false;
        }
        Script script = new BatchScript(records, leases.incarnation(), changes).buildUnder(fence);
        try {
            Connections.transaction(connection, transaction -> {
                script.add("COMMIT").run(transaction).close();
                return true;
            });
        } catch (SQLException failed) {
            if (BatchScript.isRefuted(failed)) {
                held.forget();
                return false;
            }
            throw failed;
        }
        held.stored(fence, changes);
        return true;
    }

    /** In two round trips: what the batch names is locked and read, and then changed. */
    private AppendOutcome lockAndAppend(Connection transaction, List<StoreWrite> batch) throws SQLException {
        BatchReader read = BatchReader.lock(transaction, leases.incarnation(), batch);
        Set<SessionId> lost = read.notHeldBy(leases.incarnation());
        if (!lost.isEmpty()) {
            return new AppendOutcome.Lost(lost);
        }
        Collection<SessionChange> changes = read.changes(batch);
        BatchScript writes = new BatchScript(records, leases.incarnation(), changes);
        for (StreamChange beginning : writes.beginning()) {
            beginning.keyed(keys.next(transaction));
        }
        Script script = writes.build();
        if (!script.isEmpty()) {
            script.add("COMMIT").run(transaction).close();
        }
        held.stored(read.fence(), changes);
        return AppendOutcome.Stored.ALL;
    }

    @Override
    public boolean expire(SessionId session, long idleSinceMillis) {
        long renewal = leases.newestRenewal();
        return shared(connection ->
                leases.ending(connection, session, renewal, transaction -> end(transaction, session, idleSinceMillis)));
    }

    private static boolean end(Connection transaction, SessionId session, long idleSinceMillis) throws SQLException {
        Object id = Uuids.of(session);
        try (PreparedStatement delete = transaction.prepareStatement(DELETE_IDLE)) {
            delete.setObject(1, id);
            delete.setLong(2, idleSinceMillis);
            if (delete.executeUpdate() == 0) {
                return false;
            }
        }
        new Script()
                .add(DELETE_EVENTS_OF, id)
                .add(DELETE_STREAMS_OF, id)
                .add(DELETE_RECORDS_OF, id)
                .run(transaction)
                .close();
        return true;
    }

    @Override
    public boolean renew() {
        return reserved(leases::renew);
    }

    @Override
    public Duration lease() {
        return leases.length();
    }

    @Override
    public void leave() {
        reserved(connection -> {
            leases.leave(connection);
            return true;
        });
    }

    /** {@inheritDoc} There is one epoch only. */
    @Override
    public Claim claim(SessionId session, int epoch) {
        return claims.claim(session);
    }

    private Map<SessionId, Claim> claimAll(List<SessionId> sessions) {
        long renewal = leases.newestRenewal();
        return shared(connection -> leases.claim(connection, sessions, renewal));
    }

    @Override
    public Set<SessionId> lost(Collection<SessionId> sessions) {
        return shared(connection -> leases.lost(connection, sessions));
    }

    @Override
    public Set<SessionId> heldByOthers(Collection<SessionId> sessions) {
        return shared(connection -> leases.heldByOthers(connection, sessions));
    }

    @Override
    public String address() {
        return leases.address();
    }

    @Override
    public List<String> others() {
        return shared(leases::others);
    }

    @Override
    public List<SessionId> abandoned(int limit) {
        return shared(connection -> leases.abandoned(connection, limit));
    }

    /** For the lease: a renewal that takes longer than it has come too late. */
    private <T> T reserved(Connections.Work<T> work) {
        try {
            return connections.reserved(leases.timeout(), work);
        } catch (SQLException failed) {
            throw Failures.exception(url, failed);
        }
    }
}
