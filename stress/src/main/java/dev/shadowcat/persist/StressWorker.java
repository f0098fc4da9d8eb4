package dev.shadowcat.persist;

import dev.shadowcat.observe.Observer;
import dev.shadowcat.store.EventStore;
import java.util.random.RandomGenerator;

/** A worker whose thread is the actor that turns it. */
public final class StressWorker {
    private final PersistenceWorker worker;

    public StressWorker(EventStore store, PersistenceSettings settings) {
        worker = new PersistenceWorker(
                store,
                settings,
                (write, reason) -> {},
                UnstoredMarks.NONE,
                Observer.NONE,
                Fatal.LOGGED,
                System::nanoTime,
                millis -> {}, // no test waits for a store that fails
                RandomGenerator.getDefault());
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
