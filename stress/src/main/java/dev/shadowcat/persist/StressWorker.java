package dev.shadowcat.persist;

import dev.shadowcat.observe.Observer;
import dev.shadowcat.store.EventStore;

/** A worker whose thread is the actor that turns it. */
public final class StressWorker {
    private final PersistenceWorker worker;

    public StressWorker(EventStore store, PersistenceSettings settings) {
        worker = new PersistenceWorker(store, settings, (write, reason) -> {}, Observer.NONE);
    }

    public PersistenceWorker worker() {
        return worker;
    }

    /** Stores what waits now. */
    public void turn() {
        try {
            worker.writeOne();
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }
}
