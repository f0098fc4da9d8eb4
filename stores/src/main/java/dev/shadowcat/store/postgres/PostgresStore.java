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
    private final StreamKeys keys = new StreamKeys(); // the worker's thread only
    private final RecordWriter records = new RecordWriter(); // the worker's thread only
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
            AppendOutcome outcome = connections.reserved(
                    connection -> Connections.transaction(connection, transaction -> append(transaction, batch)));
            violated = false;
            return outcome;
        } catch (SQLException failed) {
            keys.forget();
            boolean before = violated;
            violated = Failures.isViolation(failed);
            return Failures.outcome(url, failed, before);
        } catch (RuntimeException failed) {
            keys.forget();
            throw failed;
        } finally {
            records.trim();
        }
    }

    private AppendOutcome append(Connection transaction, List<StoreWrite> batch) throws SQLException {
        BatchReader read = BatchReader.lock(transaction, batch);
        Set<SessionId> lost = read.notHeldBy(leases.incarnation());
        if (!lost.isEmpty()) {
            return new AppendOutcome.Lost(lost);
        }
        BatchScript changes = new BatchScript(records, leases.incarnation(), read.changes(batch));
        for (StreamChange beginning : changes.beginning()) {
            beginning.keyed(keys.next(transaction));
        }
        Script script = changes.build();
        if (!script.isEmpty()) {
            script.add("COMMIT").run(transaction).close();
        }
        return AppendOutcome.Stored.ALL;
    }

    @Override
    public boolean expire(SessionId session, long idleSinceMillis) {
        return shared(connection -> Connections.transaction(connection, transaction -> {
            // An append that has the session's row waits for us, or we for it; whoever comes second sees what the first
            // did.
            if (!(leases.lock(transaction, session) instanceof Claim.Held)) {
                return false;
            }
            try (PreparedStatement delete = transaction.prepareStatement(DELETE_IDLE)) {
                delete.setObject(1, Uuids.of(session));
                delete.setLong(2, idleSinceMillis);
                if (delete.executeUpdate() == 0) {
                    return false;
                }
            }
            Object id = Uuids.of(session);
            new Script()
                    .add(DELETE_EVENTS_OF, id)
                    .add(DELETE_STREAMS_OF, id)
                    .add(DELETE_RECORDS_OF, id)
                    .run(transaction)
                    .close();
            return true;
        }));
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

    @Override
    public Claim claim(SessionId session) {
        return shared(connection -> leases.claim(connection, session));
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
