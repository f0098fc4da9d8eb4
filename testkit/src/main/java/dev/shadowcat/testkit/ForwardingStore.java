package dev.shadowcat.testkit;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoredSession;
import dev.shadowcat.store.StoredStream;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A store that hands everything on to another; for tests that watch or bend one method of it. */
public class ForwardingStore implements EventStore {
    private final EventStore behind;

    public ForwardingStore(EventStore behind) {
        this.behind = behind;
    }

    @Override
    public AppendOutcome append(List<StoreWrite> batch) {
        return behind.append(batch);
    }

    @Override
    public void sync() {
        behind.sync();
    }

    @Override
    public Optional<StoredSession> session(SessionId session) {
        return behind.session(session);
    }

    @Override
    public List<StoredStream> streams(SessionId session) {
        return behind.streams(session);
    }

    @Override
    public Optional<StoredStream> stream(SessionId session, int stream) {
        return behind.stream(session, stream);
    }

    @Override
    public List<Event> read(SessionId session, int stream, long afterSequence, int maxEvents, long maxBytes) {
        return behind.read(session, stream, afterSequence, maxEvents, maxBytes);
    }

    @Override
    public List<StoredSession> sessions(@Nullable SessionId after, int limit) {
        return behind.sessions(after, limit);
    }

    @Override
    public boolean expire(SessionId session, long idleSinceMillis) {
        return behind.expire(session, idleSinceMillis);
    }

    @Override
    public int bootEpoch() {
        return behind.bootEpoch();
    }

    @Override
    public byte[] credentialKey() {
        return behind.credentialKey();
    }

    @Override
    public void close() {
        behind.close();
    }
}
