package dev.shadowcat.store;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Sessions and a bounded run of their newest events in this process's memory: a restart forgets everything.
 *
 * <p>When the events of all sessions together exceed the bound, the oldest go first, and answers only once nothing else is
 * left. What went is visible as {@link StoredStream#trimmedThrough}, so that a cursor before it is a gap like any other.
 */
public final class MemoryStore implements EventStore {
    private static final int CREDENTIAL_KEY_BYTES = 32;

    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private final NavigableMap<SessionId, MemorySession> sessions = new TreeMap<>(); // guarded by lock
    private final EventRing ring; // guarded by lock
    private final byte[] credentialKey = new byte[CREDENTIAL_KEY_BYTES];

    /** @param maxEventBytes bound on the events of all sessions together, as {@link Event#bytes} counts them */
    public MemoryStore(long maxEventBytes) {
        this(maxEventBytes, new SecureRandom());
    }

    /** @param strong where the credential key comes from */
    public MemoryStore(long maxEventBytes, RandomGenerator strong) {
        if (maxEventBytes < 1) {
            throw new IllegalArgumentException("memory store: must keep at least 1 byte, but was " + maxEventBytes);
        }
        this.ring = new EventRing(maxEventBytes);
        strong.nextBytes(credentialKey);
    }

    @Override
    public AppendOutcome append(List<StoreWrite> batch) {
        return writing(() -> {
            batch.forEach(this::apply);
            return AppendOutcome.Stored.ALL;
        });
    }

    private void apply(StoreWrite write) {
        if (write instanceof StoreWrite.PutSession put) {
            sessions.computeIfAbsent(put.session(), _ -> new MemorySession(put)).replace(put);
            return;
        }
        MemorySession session = sessions.get(write.session());
        if (session == null) {
            return;
        }
        switch (write) {
            case StoreWrite.PutSession _ -> throw new AssertionError("handled above");
            case StoreWrite.PutSessionState put -> session.state = put.state();
            case StoreWrite.TouchSession touch -> session.activity = touch.activity();
            case StoreWrite.PutStream put -> session.put(put.record());
            case StoreWrite.AppendEvent append ->
                session.stream(append.stream()).ifPresent(stream -> stream.append(append.event(), ring));
            case StoreWrite.MoveUpstreamCursor move ->
                session.stream(move.stream()).ifPresent(stream -> stream.move(move));
            case StoreWrite.TrimStream trim ->
                session.stream(trim.stream()).ifPresent(stream -> stream.trim(trim.throughSequence(), ring));
            case StoreWrite.DeleteStream delete -> session.delete(delete.stream(), ring);
            case StoreWrite.DeleteSession delete -> delete(delete.session());
        }
    }

    private void delete(SessionId id) {
        MemorySession session = sessions.remove(id);
        if (session != null) {
            session.streams.values().forEach(stream -> stream.clear(ring));
        }
    }

    /** Does nothing: there is no disk behind this store. */
    @Override
    public void sync() {}

    @Override
    public Optional<StoredSession> session(SessionId id) {
        return reading(() -> Optional.ofNullable(sessions.get(id)).map(MemorySession::stored));
    }

    @Override
    public List<StoredStream> streams(SessionId id) {
        return reading(() -> {
            MemorySession session = sessions.get(id);
            return session == null
                    ? List.of()
                    : session.streams.values().stream()
                            .map(MemoryStream::stored)
                            .toList();
        });
    }

    @Override
    public Optional<StoredStream> stream(SessionId id, int stream) {
        return reading(() -> Optional.ofNullable(sessions.get(id))
                .flatMap(session -> session.stream(stream))
                .map(MemoryStream::stored));
    }

    @Override
    public List<Event> read(SessionId id, int stream, long afterSequence, int maxEvents, long maxBytes) {
        return reading(() -> Optional.ofNullable(sessions.get(id))
                .flatMap(session -> session.stream(stream))
                .map(found -> found.read(afterSequence, maxEvents, maxBytes))
                .orElse(List.of()));
    }

    @Override
    public List<StoredSession> sessions(@Nullable SessionId after, int limit) {
        return reading(() -> {
            NavigableMap<SessionId, MemorySession> rest = after == null ? sessions : sessions.tailMap(after, false);
            List<StoredSession> page = new ArrayList<>();
            for (MemorySession session : rest.values()) {
                if (page.size() >= limit) {
                    break;
                }
                page.add(session.stored());
            }
            return page;
        });
    }

    @Override
    public boolean expire(SessionId id, long idleSinceMillis) {
        return writing(() -> {
            MemorySession session = sessions.get(id);
            if (session == null || session.activity.lastActiveMillis() > idleSinceMillis) {
                return false;
            }
            delete(id);
            return true;
        });
    }

    /** Always 0: nothing outlives this process, so nothing can be half remembered. */
    @Override
    public int bootEpoch() {
        return 0;
    }

    @Override
    public byte[] credentialKey() {
        return credentialKey.clone();
    }

    @Override
    public void close() {}

    private <T> T reading(Supplier<T> body) {
        lock.readLock().lock();
        try {
            return body.get();
        } finally {
            lock.readLock().unlock();
        }
    }

    private <T> T writing(Supplier<T> body) {
        lock.writeLock().lock();
        try {
            return body.get();
        } finally {
            lock.writeLock().unlock();
        }
    }
}
