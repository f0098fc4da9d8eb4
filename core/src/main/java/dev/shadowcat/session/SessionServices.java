package dev.shadowcat.session;

import dev.shadowcat.observe.Observer;
import dev.shadowcat.persist.PersistenceWorker;
import dev.shadowcat.store.EventStore;
import java.time.Clock;

/** What every session shares. */
public record SessionServices(
        EventStore store,
        PersistenceWorker worker,
        StoreReader reader,
        Clock clock,
        Observer observer,
        RetentionLimits retention) {}
