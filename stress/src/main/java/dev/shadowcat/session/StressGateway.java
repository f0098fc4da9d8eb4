package dev.shadowcat.session;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.persist.PersistenceSettings;
import dev.shadowcat.persist.StressWorker;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.MemoryStore;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.SessionRecord;
import dev.shadowcat.store.SessionState;
import dev.shadowcat.store.StoredSession;
import dev.shadowcat.testkit.Writes;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;

/** A worker, a store, a loop and the sessions above them, each turned by the actor that plays its thread. */
final class StressGateway {
    static final SessionId ID = new SessionId(1, 1);

    final EventStore store;
    final StressLoop loop = new StressLoop();
    final StressWorker worker;
    final SessionServices services;
    final SessionManager<StressSession> sessions;

    StressGateway() {
        this(new MemoryStore(Long.MAX_VALUE), PersistenceSettings.DEFAULTS);
    }

    StressGateway(EventStore store, PersistenceSettings settings) {
        this.store = store;
        store.append(List.of(Writes.session(ID)));
        worker = new StressWorker(store, settings);
        services = new SessionServices(
                store,
                worker.worker(),
                new StoreReader(Runnable::run), // whoever asks reads
                Clock.fixed(Instant.EPOCH, ZoneOffset.UTC),
                Observer.NONE,
                RetentionLimits.DEFAULTS);
        sessions = new SessionManager<>(services, StressSession::new, _ -> loop, 0);
    }

    /** The session's record, as it is created. */
    SessionRecord recordOf() {
        return Writes.record(ID);
    }

    SessionState stateOf() {
        return Writes.bareState();
    }

    /** A session that no manager knows. */
    StressSession session() {
        return new StressSession(
                services,
                loop,
                new StoredSession(Writes.record(ID), Writes.bareState(), new SessionActivity(0, 0)),
                List.of());
    }

    /** Everything that can still happen, by one thread. */
    void settle() {
        loop.own();
        for (int turn = 0; turn < 10; turn++) {
            loop.runAll();
            worker.turn();
        }
    }
}
