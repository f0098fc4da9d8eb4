package dev.shadowcat.store.postgres;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoredSession;
import dev.shadowcat.store.StoredStream;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The part of a store that reads. */
abstract class PostgresReads implements EventStore {
    final PostgresUrl url;
    final Connections connections;
    private final byte[] credentialKey;

    PostgresReads(PostgresUrl url, Connections connections, byte[] credentialKey) {
        this.url = url;
        this.connections = connections;
        this.credentialKey = credentialKey;
    }

    @Override
    public Optional<StoredSession> session(SessionId session) {
        return shared(connection -> StoreReader.session(connection, session)).stream()
                .findFirst();
    }

    @Override
    public List<StoredStream> streams(SessionId session) {
        return shared(connection -> StoreReader.streams(connection, session));
    }

    @Override
    public Optional<StoredStream> stream(SessionId session, int stream) {
        return shared(connection -> StoreReader.stream(connection, session, stream)).stream()
                .findFirst();
    }

    @Override
    public List<Event> read(SessionId session, int stream, long afterSequence, int maxEvents, long maxBytes) {
        return shared(
                connection -> StoreReader.events(connection, session, stream, afterSequence, maxEvents, maxBytes));
    }

    @Override
    public List<StoredSession> sessions(@Nullable SessionId after, int limit) {
        return shared(connection -> StoreReader.sessions(connection, after, limit));
    }

    /** Does nothing: what was appended is on the server's disk. */
    @Override
    public void sync() {}

    /** Always 0: nothing that was acknowledged is lost, given synchronous replication where there are replicas. */
    @Override
    public int bootEpoch() {
        return 0;
    }

    @Override
    public byte[] credentialKey() {
        return credentialKey.clone();
    }

    @Override
    public void close() {
        connections.close();
    }

    /** Does something with a connection that others may have to wait for. */
    final <T> T shared(Connections.Work<T> work) {
        try {
            return connections.shared(work);
        } catch (SQLException failed) {
            throw Failures.exception(url, failed);
        }
    }
}
