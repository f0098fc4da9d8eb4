package dev.shadowcat.session;

import dev.shadowcat.memory.Interner;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.persist.PersistenceWorker;
import dev.shadowcat.store.EventStore;
import java.time.Clock;

/**
 * What every session shares.
 *
 * @param tailBytes live events that are kept in memory for one client; beyond it the client reads from the store
 * @param texts one copy of what repeats in many sessions
 */
public record SessionServices(
        EventStore store,
        PersistenceWorker worker,
        StoreReader reader,
        Clock clock,
        Observer observer,
        RetentionLimits retention,
        int tailBytes,
        Interner texts) {
    /** With the tail that settings have by default. */
    public SessionServices(
            EventStore store,
            PersistenceWorker worker,
            StoreReader reader,
            Clock clock,
            Observer observer,
            RetentionLimits retention) {
        this(store, worker, reader, clock, observer, retention, 256 << 10, new Interner());
    }
}
