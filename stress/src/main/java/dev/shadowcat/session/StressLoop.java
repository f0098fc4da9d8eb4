package dev.shadowcat.session;

import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/** A session's loop whose thread is the actor that runs it: others only hand tasks over. */
final class StressLoop implements SessionLoop {
    private final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private volatile @Nullable Thread owner;

    /** The caller is the loop from here on. */
    void own() {
        owner = Thread.currentThread();
    }

    @Override
    public boolean inLoop() {
        return owner == Thread.currentThread();
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    @Override
    public Timer after(long millis, Runnable task) {
        throw new IllegalStateException("nothing is timed here");
    }

    /** Runs what has been handed over so far. */
    void runAll() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }
}
