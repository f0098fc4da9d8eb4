package dev.shadowcat.session;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.persist.Completion;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.SessionRecord;
import dev.shadowcat.store.SessionState;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoredSession;
import dev.shadowcat.store.StoredStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Finds sessions: those in use are held, idle ones are held as long as there is room, all others come back from the store. Any
 * thread.
 *
 * @param <S> the gateway's own kind of session
 */
@SuppressWarnings("ReferenceEquality") // a session is itself alone: an evicted one and its successor are two
public final class SessionManager<S extends Session> {
    private final SessionServices services;
    private final Factory<S> factory;
    private final Function<SessionId, SessionLoop> loops;
    private final ConcurrentMap<SessionId, S> active = new ConcurrentHashMap<>();
    private final ConcurrentMap<SessionId, List<Waiter<S>>> loading = new ConcurrentHashMap<>();
    private final Cache<SessionId, S> idle;

    /** Makes the gateway's own kind of session. */
    public interface Factory<S extends Session> {
        S create(SessionServices services, SessionLoop loop, StoredSession known, List<StoredStream> streams);
    }

    private record Waiter<S>(Consumer<Optional<S>> found, Consumer<String> failed, SessionLoop loop) {}

    public SessionManager(
            SessionServices services, Factory<S> factory, Function<SessionId, SessionLoop> loops, int maxIdle) {
        this.services = services;
        this.factory = factory;
        this.loops = loops;
        this.idle = Caffeine.newBuilder()
                .maximumSize(maxIdle)
                .executor(Runnable::run)
                .evictionListener((@Nullable SessionId id, @Nullable S session, RemovalCause cause) ->
                        services.observer().sessionEvicted())
                .build();
    }

    /** Begins a session; {@code completion} hears on the session's loop when the store has it. It comes held. */
    public S create(SessionRecord record, SessionState state, Completion completion) {
        SessionActivity activity = new SessionActivity(services.clock().millis(), 0);
        S session = factory.create(
                services, loops.apply(record.id()), new StoredSession(record, state, activity), List.of());
        session.pin(1);
        active.put(record.id(), session);
        session.lane().offer(new StoreWrite.PutSession(record, state, activity), completion);
        services.observer().sessionCreated();
        return session;
    }

    /**
     * Finds a session and holds it until {@link #release}. {@code found} runs on the session's loop, or on {@code caller}
     * where there is none; {@code failed} runs on {@code caller} where the store cannot be read.
     */
    public void find(SessionId id, SessionLoop caller, Consumer<Optional<S>> found, Consumer<String> failed) {
        S session = hold(id);
        if (session != null) {
            session.loop().run(() -> found.accept(Optional.of(session)));
            return;
        }
        Waiter<S> waiter = new Waiter<>(found, failed, caller);
        boolean[] first = new boolean[1];
        loading.compute(id, (key, waiters) -> {
            first[0] = waiters == null;
            List<Waiter<S>> all = waiters == null ? new ArrayList<>(1) : waiters;
            all.add(waiter);
            return all;
        });
        if (first[0]) {
            services.reader().read(caller, () -> load(id), known -> loaded(id, known), reason -> notLoaded(id, reason));
        }
    }

    private @Nullable S hold(SessionId id) {
        return active.compute(id, (key, held) -> {
            S session = held != null ? held : idle.asMap().remove(key);
            if (session != null) {
                session.pin(1);
            }
            return session;
        });
    }

    private Optional<Known> load(SessionId id) {
        return services.store()
                .session(id)
                .map(session -> new Known(session, services.store().streams(id)));
    }

    private record Known(StoredSession session, List<StoredStream> streams) {}

    private void loaded(SessionId id, Optional<Known> known) {
        known.ifPresent(found -> active.computeIfAbsent(
                id, key -> factory.create(services, loops.apply(id), found.session(), found.streams())));
        List<Waiter<S>> waiters = loading.remove(id);
        if (waiters == null) {
            return;
        }
        for (Waiter<S> waiter : waiters) {
            S session = hold(id);
            if (session == null) {
                waiter.loop().run(() -> waiter.found().accept(Optional.empty()));
            } else {
                session.loop().run(() -> waiter.found().accept(Optional.of(session)));
            }
        }
    }

    private void notLoaded(SessionId id, String reason) {
        List<Waiter<S>> waiters = loading.remove(id);
        if (waiters != null) {
            waiters.forEach(waiter -> waiter.loop().run(() -> waiter.failed().accept(reason)));
        }
    }

    /** Lets go of a session that was found or created. The session's loop. */
    public void release(S session) {
        active.computeIfPresent(session.id(), (id, held) -> {
            if (held != session) {
                return held;
            }
            session.pin(-1);
            return settle(session);
        });
    }

    /** The session may have become idle without anyone letting go of it. The session's loop. */
    public void settled(S session) {
        active.computeIfPresent(session.id(), (id, held) -> held == session ? settle(session) : held);
    }

    private @Nullable S settle(S session) {
        if (session.pins() > 0 || (session.busy() && !session.deleted())) {
            return session;
        }
        if (!session.deleted()) {
            idle.put(session.id(), session);
        }
        return null;
    }

    /** Ends a session for good. The session's loop. */
    public void delete(S session, Completion completion) {
        session.delete(completion);
        active.remove(session.id(), session);
        idle.invalidate(session.id());
    }

    /** Lets a session that nobody uses expire, if the store agrees. Blocks on the store; not on a loop. */
    public boolean expire(SessionId id, long idleSinceMillis) {
        if (active.containsKey(id) || !services.store().expire(id, idleSinceMillis)) {
            return false;
        }
        idle.invalidate(id);
        return true;
    }

    public boolean inUse(SessionId id) {
        return active.containsKey(id);
    }

    /** The sessions in use. */
    public Collection<S> active() {
        return active.values();
    }

    /** Sessions in memory, in use or idle. */
    public long inMemory() {
        return active.size() + idle.estimatedSize();
    }
}
