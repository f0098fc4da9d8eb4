package dev.shadowcat.session;

import java.util.concurrent.Executor;

/** The one thread that a session's state belongs to, among other sessions' states: an event loop, or a simulated one. */
public interface SessionLoop extends Executor {
    /** Whether the caller is on it. */
    boolean inLoop();

    /** Runs a task after a delay, unless it is cancelled. */
    Timer after(long millis, Runnable task);

    /** Runs a task now where the caller is on the loop, else soon. */
    default void run(Runnable task) {
        if (inLoop()) {
            task.run();
            return;
        }
        execute(task);
    }

    /** A task that waits. */
    interface Timer {
        void cancel();
    }
}
