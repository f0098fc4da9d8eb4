package dev.shadowcat.store.redis;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoredSession;
import dev.shadowcat.store.StoredStream;
import io.lettuce.core.RedisException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A look into a store that gateways may have open at the same time; holds no session and writes nothing. */
final class ReadOnlyRedisStore implements EventStore {
    private final RedisConnections connections;
    private final Servers.View view;
    private final RedisReader reader;

    ReadOnlyRedisStore(RedisConnections connections, RedisKeys keys, Servers.View view) {
        this.connections = connections;
        this.view = view;
        this.reader = RedisReader.looking(connections.others(), keys, new SessionIndex(connections.others(), keys));
    }

    @Override
    public AppendOutcome append(List<StoreWrite> batch) {
        throw readOnly();
    }

    @Override
    public boolean expire(SessionId session, long idleSinceMillis) {
        throw readOnly();
    }

    private StoreException readOnly() {
        return new StoreException("the store in " + connections.name() + " was opened for reading only", null);
    }

    @Override
    public void sync() {}

    @Override
    public Optional<StoredSession> session(SessionId session) {
        return asking(() -> reader.session(session));
    }

    @Override
    public List<StoredStream> streams(SessionId session) {
        return asking(() -> reader.streams(session));
    }

    @Override
    public Optional<StoredStream> stream(SessionId session, int stream) {
        return asking(() -> reader.stream(session, stream));
    }

    @Override
    public List<Event> read(SessionId session, int stream, long afterSequence, int maxEvents, long maxBytes) {
        return asking(() -> reader.read(session, stream, afterSequence, maxEvents, maxBytes));
    }

    @Override
    public List<StoredSession> sessions(@Nullable SessionId after, int limit) {
        return asking(() -> reader.sessions(after, limit));
    }

    private <T> T asking(Supplier<T> question) {
        try {
            return question.get();
        } catch (RedisException failed) {
            connections.others().failed(failed);
            throw Failures.reading(connections.name(), failed);
        }
    }

    @Override
    public int bootEpoch() {
        return view.epoch();
    }

    @Override
    public byte[] credentialKey() {
        return view.credentialKey().clone();
    }

    @Override
    public void close() {
        connections.close();
    }
}
