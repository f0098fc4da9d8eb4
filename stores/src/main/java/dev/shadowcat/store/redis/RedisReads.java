package dev.shadowcat.store.redis;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoredSession;
import dev.shadowcat.store.StoredStream;
import io.lettuce.core.RedisException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The part of a store that reads. */
abstract class RedisReads implements EventStore {
    final RedisConnections connections;
    private final RedisReader reader;

    RedisReads(RedisConnections connections, RedisReader reader) {
        this.connections = connections;
        this.reader = reader;
    }

    /** What is known of the servers. */
    abstract Servers.View view();

    /** Redis decides for itself when what it acknowledged is on its disk. */
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

    final <T> T asking(Supplier<T> question) {
        try {
            return question.get();
        } catch (RedisException failed) {
            connections.others().failed(failed);
            throw Failures.reading(connections.name(), failed);
        }
    }

    @Override
    public int bootEpoch() {
        return view().epoch();
    }

    @Override
    public byte[] credentialKey() {
        return view().credentialKey().clone();
    }

    /** Leaves a lease to run out: who is going ends it before. */
    @Override
    public void close() {
        connections.close();
    }
}
