package dev.shadowcat.session;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.persist.Completion;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.SessionRecord;
import dev.shadowcat.store.SessionState;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoredSession;
import dev.shadowcat.store.StoredStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Finds sessions: those in use stay in memory, idle ones stay as long as all together are no more than there is room for, all
 * others come back from the store. Any thread.
 *
 * @param <S> the gateway's own kind of session
 */
@SuppressWarnings("ReferenceEquality") // a session is itself alone: an evicted one and its successor are two
public final class SessionManager<S extends Session> {
    private static final String TAKEN = "another node took the session while it was read";
    private static final String RESTORING = "the store lost some of the session, which is put anew";
    private static final long END_AGAIN_MILLIS = 200;

    private final SessionServices services;
    private final Holding holding;
    private final Factory<S> factory;
    private final Function<SessionId, SessionLoop> loops;
    private final Residents residents = new Residents();
    private final int maxInMemory;
    private final ConcurrentMap<SessionId, S> sessions = new ConcurrentHashMap<>(); // in use, or idle
    private final ConcurrentMap<SessionId, Loading<S>> loading = new ConcurrentHashMap<>();
    private final Set<SessionId> deleting = ConcurrentHashMap.newKeySet(); // gone for clients, not yet from the store
    private final Set<SessionId> restoring =
            ConcurrentHashMap.newKeySet(); // put anew in a store that may lack some of it

    /** Makes the gateway's own kind of session. */
    public interface Factory<S extends Session> {
        S create(SessionServices services, SessionLoop loop, StoredSession known, List<StoredStream> streams);
    }

    /**
     * A session on its way from the store.
     *
     * @param forgotten whether the store may have let it go since it was read
     * @param lost whether another node may have taken it since it was claimed
     */
    private record Loading<S>(List<Waiter<S>> waiters, boolean forgotten, boolean lost) {
        Loading<S> with(Waiter<S> waiter) {
            List<Waiter<S>> all = new ArrayList<>(waiters);
            all.add(waiter);
            return new Loading<>(all, forgotten, lost);
        }
    }

    private record Waiter<S>(
            Consumer<Optional<S>> found, Consumer<String> elsewhere, Consumer<String> failed, SessionLoop loop) {}

    /** Whose a session is, asked before it is read from the store. Blocks; not on a loop. */
    @FunctionalInterface
    public interface Holding {
        /** Where there is one node only. */
        Holding ALONE = session -> SharedStore.Claim.Held.BEFORE;

        SharedStore.Claim claim(SessionId session);

        /** The same for who held it when another store took the place of this one, and waits for nobody. */
        default SharedStore.Claim claimAnew(SessionId session) {
            return claim(session);
        }
    }

    /** Of a store that nobody shares. */
    public SessionManager(
            SessionServices services, Factory<S> factory, Function<SessionId, SessionLoop> loops, int maxInMemory) {
        this(services, Holding.ALONE, factory, loops, maxInMemory);
    }

    /** @param maxInMemory sessions that stay in memory; more only where more are in use */
    public SessionManager(
            SessionServices services,
            Holding holding,
            Factory<S> factory,
            Function<SessionId, SessionLoop> loops,
            int maxInMemory) {
        this.holding = holding;
        this.services = services;
        this.factory = factory;
        this.loops = loops;
        this.maxInMemory = maxInMemory;
    }

    /** Begins a session; {@code completion} hears on the session's loop when the store has it. It comes held. */
    public S create(SessionRecord record, SessionState state, Completion completion) {
        SessionActivity activity = new SessionActivity(services.clock().millis(), 0);
        S session = factory.create(
                services, loops.apply(record.id()), new StoredSession(record, state, activity), List.of());
        session.heldBy(this);
        residents.hold(session);
        sessions.put(record.id(), session);
        makeRoom();
        session.lane().offer(new StoreWrite.PutSession(record, state, activity), completion);
        services.observer().sessionCreated();
        return session;
    }

    /**
     * Finds a session and holds it until {@link #release}. {@code found} runs on the session's loop, or on {@code caller}
     * where there is none; {@code failed} runs on {@code caller} where the store cannot be read, or another node holds it.
     */
    public void find(SessionId id, SessionLoop caller, Consumer<Optional<S>> found, Consumer<String> failed) {
        find(id, caller, found, address -> failed.accept("the node at " + address + " holds it"), failed);
    }

    /** The same; {@code elsewhere} runs on {@code caller} with the address of the node that holds it, where that is another one. */
    public void find(
            SessionId id,
            SessionLoop caller,
            Consumer<Optional<S>> found,
            Consumer<String> elsewhere,
            Consumer<String> failed) {
        if (restoring.contains(id)) {
            caller.run(() -> failed.accept(RESTORING));
            return;
        }
        find(id, holding::claim, caller, found, elsewhere, failed);
    }

    private void find(
            SessionId id,
            Function<SessionId, SharedStore.Claim> claiming,
            SessionLoop caller,
            Consumer<Optional<S>> found,
            Consumer<String> elsewhere,
            Consumer<String> failed) {
        S session = hold(id);
        if (session != null) {
            session.loop().run(() -> found.accept(Optional.of(session)));
            return;
        }
        if (deleting.contains(id)) {
            caller.run(() -> found.accept(Optional.empty()));
            return;
        }
        Waiter<S> waiter = new Waiter<>(found, elsewhere, failed, caller);
        boolean[] first = new boolean[1];
        loading.compute(id, (key, under) -> {
            first[0] = under == null;
            return under == null ? new Loading<>(List.of(waiter), false, false) : under.with(waiter);
        });
        if (first[0]) {
            services.reader()
                    .read(
                            caller,
                            () -> load(id, claiming.apply(id)),
                            loaded -> loaded(id, loaded),
                            reason -> notHere(id, each -> each.failed().accept(reason)));
        }
    }

    private @Nullable S hold(SessionId id) {
        S session = sessions.get(id);
        while (session != null && !residents.hold(session)) {
            sessions.remove(id, session); // whoever made it leave is about to do the same
            session = sessions.get(id);
        }
        return session;
    }

    private Loaded load(SessionId id, SharedStore.Claim claim) {
        return switch (claim) {
            case SharedStore.Claim.Held _ -> new Loaded.Here(read(id));
            case SharedStore.Claim.Elsewhere other -> new Loaded.Elsewhere(other.address());
            case SharedStore.Claim.Absent _ -> new Loaded.Here(Optional.empty());
        };
    }

    private Optional<Known> read(SessionId id) {
        SessionActivity pending =
                services.worker().pendingActivity(id); // before the store is read: it may get there meanwhile
        return services.store()
                .session(id)
                .map(session -> new Known(
                        session.withActivity(session.activity().newest(pending)),
                        services.store().streams(id).stream()
                                .map(stream -> InterruptedStream.reconcile(services.store(), id, stream))
                                .toList()));
    }

    private record Known(StoredSession session, List<StoredStream> streams) {}

    private sealed interface Loaded {
        record Here(Optional<Known> known) implements Loaded {}

        record Elsewhere(String address) implements Loaded {}
    }

    private void loaded(SessionId id, Loaded loaded) {
        switch (loaded) {
            case Loaded.Here here -> loaded(id, here.known());
            case Loaded.Elsewhere other -> notHere(id, each -> each.elsewhere().accept(other.address()));
        }
    }

    private void loaded(SessionId id, Optional<Known> known) {
        S session = known.isPresent() ? resident(id, known.get()) : null;
        Loading<S> done = loading.remove(id);
        if (done != null && done.lost()) {
            lost(id); // what was read is older than what the other node wrote
            tell(done, each -> each.failed().accept(TAKEN));
            return;
        }
        if (session != null && done != null && done.forgotten()) {
            session.loop().run(() -> remove(session, Completion.NOBODY)); // what was read is older than its end
        }
        if (done != null) {
            S found = done.forgotten() ? null : session;
            done.waiters().forEach(waiter -> hand(found, waiter));
        }
        if (session != null) {
            makeRoom();
            session.loop().run(() -> release(session));
        }
    }

    /** The store has let it go: whoever read it before must not bring it back. */
    private void forgotten(SessionId id) {
        loading.computeIfPresent(id, (key, under) -> new Loading<>(under.waiters(), true, under.lost()));
    }

    /** The session, held: else the first who waits for it could let it go, and out of memory, before the second has it. */
    private S resident(SessionId id, Known known) {
        while (true) {
            S session = sessions.computeIfAbsent(id, key -> {
                S loaded = factory.create(services, loops.apply(id), known.session(), known.streams());
                loaded.heldBy(this);
                return loaded;
            });
            if (residents.hold(session)) {
                return session;
            }
            sessions.remove(id, session);
        }
    }

    private void hand(@Nullable S session, Waiter<S> waiter) {
        if (session == null || !residents.hold(session)) {
            waiter.loop().run(() -> waiter.found().accept(Optional.empty()));
            return;
        }
        session.loop().run(() -> waiter.found().accept(Optional.of(session)));
    }

    private void notHere(SessionId id, Consumer<Waiter<S>> told) {
        Loading<S> done = loading.remove(id);
        if (done != null) {
            tell(done, told);
        }
    }

    private void tell(Loading<S> done, Consumer<Waiter<S>> told) {
        done.waiters().forEach(waiter -> waiter.loop().run(() -> told.accept(waiter)));
    }

    /**
     * Holds a session that is held already for the time of something asynchronous; {@link #release} takes it back. Without it
     * the session could leave memory meanwhile, and come back as another one. The session's loop.
     */
    public void keep(S session) {
        if (!residents.hold(session) && !session.deleted()) {
            throw new IllegalStateException("a session that has left memory cannot be kept");
        }
    }

    /** Lets go of a session that was found or created. The session's loop. */
    public void release(S session) {
        residents.release(session);
        settled(session);
    }

    /** The session may have become idle without anyone letting go of it. The session's loop. */
    public void settled(S session) {
        settledSession(session);
    }

    void settledSession(Session session) {
        residents.settle(session, session.busy());
        makeRoom();
    }

    /** Those idle longest leave memory, one for each that came at most. */
    private void makeRoom() {
        Session evicted = sessions.size() > maxInMemory ? residents.evict() : null;
        if (evicted != null) {
            sessions.remove(evicted.id(), evicted);
            services.observer().sessionEvicted();
        }
    }

    /** Ends a session for good. The session's loop. */
    public void delete(S session, Completion completion) {
        if (!session.deleted()) {
            services.observer().sessionDeleted();
        }
        remove(session, completion);
    }

    private void remove(S session, Completion completion) {
        SessionId id = session.id();
        Completion told = completion;
        if (deleting.add(id)) {
            told = new Completion() {
                @Override
                public void stored(StoreWrite write) {
                    forgotten(id);
                    deleting.remove(id);
                    completion.stored(write);
                }

                @Override
                public void refused(StoreWrite write, String reason) {
                    deleting.remove(id);
                    if (session.storeReplaced()) {
                        removeAnew(session, write, completion);
                    } else {
                        completion.refused(write, reason);
                    }
                }
            };
        }
        session.delete(told);
        residents.leave(session);
        sessions.remove(id, session);
    }

    /** Its end was refused for a server that took the place of its own, and has it still: it is taken there, and ends. */
    private void removeAnew(S session, StoreWrite end, Completion completion) {
        find(
                session.id(),
                holding::claimAnew,
                session.loop(),
                found -> found.ifPresentOrElse(
                        there -> {
                            release(there);
                            remove(there, completion);
                        },
                        () -> completion.stored(end)),
                elsewhere -> completion.refused(end, "the node at " + elsewhere + " holds it"),
                unreadable -> session.loop().after(END_AGAIN_MILLIS, () -> removeAnew(session, end, completion)));
    }

    /** Lets a session that nobody uses expire, if the store agrees. Blocks on the store; not on a loop. */
    public boolean expire(SessionId id, long idleSinceMillis) {
        if (inUse(id) || !services.store().expire(id, idleSinceMillis)) {
            return false;
        }
        forgotten(id); // before it is looked for in memory: who loads it puts it there first, and then looks for this
        S session = sessions.get(id);
        if (session == null) {
            return true;
        }
        if (residents.leaveIfIdle(session)) {
            sessions.remove(id, session);
        } else { // it came back while the store let it go: too late
            session.loop().execute(() -> remove(session, Completion.NOBODY));
        }
        return true;
    }

    /** This node does not hold it any more: from here on nobody finds it in memory, and it ends on its loop. Any thread. */
    public void lost(SessionId id) {
        loading.computeIfPresent(id, (key, under) -> new Loading<>(under.waiters(), under.forgotten(), true));
        S session = sessions.get(id);
        if (session == null) {
            return;
        }
        if (!session.storeReplaced()) {
            residents.leave(session);
            sessions.remove(id, session);
        } // else nobody could take it yet, and it is found until this node has begun to take it anew
        session.loop().execute(session::lost);
    }

    /**
     * The same, told by the session. Its loop.
     *
     * @param remains what is put anew where the store lacks it; null where another node has the session
     */
    void lost(Session session, @Nullable Remains remains) {
        if (remains != null) {
            restoring.add(session.id()); // before it leaves memory: whoever looks for it is to wait
        }
        residents.leave(session);
        sessions.remove(session.id(), session);
        services.observer().sessionLost();
        if (remains != null) {
            new Restoration(services, holding::claimAnew, session, remains, this::restored).attempt();
        }
    }

    /** What was under way goes on as after a restart, before anybody finds it; what was idle waits for its client. */
    private void restored(Restoration done) {
        Session before = done.session();
        if (!done.hasStreams()) {
            restoring.remove(before.id());
            return;
        }
        find(
                before.id(),
                holding::claimAnew,
                before.loop(),
                found -> goesOn(
                        before,
                        () -> found.ifPresentOrElse(session -> takenAnew(session, before), before::takenByOthers)),
                elsewhere -> goesOn(before, before::takenByOthers),
                unreadable -> done.again());
    }

    /** Whatever comes of it, it may be found from then on. */
    private void goesOn(Session before, Runnable how) {
        try {
            how.run();
        } finally {
            restoring.remove(before.id());
        }
    }

    private void takenAnew(S session, Session before) {
        session.goOnFrom(before);
        session.takenAnew(before);
        release(session);
    }

    /** Whether the store takes nothing of this session now. Any thread. */
    public boolean storeFails(SessionId id) {
        S session = sessions.get(id);
        return services.worker().failure() != null
                || services.worker().fails(id)
                || (session != null && session.storeReplaced()); // it is let go of in a moment, and taken anew
    }

    public boolean inUse(SessionId id) {
        S session = sessions.get(id);
        return session != null && !residents.isIdle(session);
    }

    /** The session if it is in memory; null where it is not. Any thread. */
    public @Nullable S inMemory(SessionId id) {
        return sessions.get(id);
    }

    /** How many sessions are in use. */
    public int inUse() {
        return Math.max(0, sessions.size() - residents.idle());
    }

    /** The sessions that this node has claimed: in memory, or on their way there. Any thread. */
    public Set<SessionId> claimed() {
        Set<SessionId> claimed = new HashSet<>(loading.keySet()); // first: from there they go to the others
        claimed.addAll(sessions.keySet());
        return claimed;
    }

    /** Sees the sessions in memory, in use or idle. */
    public void forEach(Consumer<S> action) {
        sessions.values().forEach(action);
    }

    /** The sessions in memory, in use or idle; those that come or leave meanwhile may be missing. */
    public Iterator<S> iterator() {
        return sessions.values().iterator();
    }

    /** Sessions in memory, in use or idle. */
    public long inMemory() {
        return sessions.size();
    }
}
