package dev.shadowcat.persist;

import dev.shadowcat.observe.Observer;
import dev.shadowcat.store.EventStore;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/** A worker without a thread of its own: a simulation turns it. */
public final class VirtualWorker {
    private final PersistenceWorker worker;

    public VirtualWorker(
            EventStore store,
            PersistenceSettings settings,
            LongSupplier nanoTime,
            PersistenceWorker.Pause pause,
            RandomGenerator random,
            Observer observer) {
        worker = new PersistenceWorker(
                store,
                settings,
                (write, reason) -> {},
                UnstoredMarks.NONE,
                observer,
                Fatal.LOGGED,
                nanoTime,
                pause,
                random);
    }

    public PersistenceWorker worker() {
        return worker;
    }

    /** Stores what waits now; the pause of the constructor passes while the store fails. */
    public void turn() throws InterruptedException {
        worker.writeOne();
    }
}
