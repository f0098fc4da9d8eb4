package dev.shadowcat.session;

import java.util.ArrayDeque;

/** An event loop in virtual time: runs what it was given in that order, and dies with its gateway. */
final class SimulatedLoop implements SessionLoop {
    private final VirtualTime time;
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private boolean running;
    private boolean dead;

    SimulatedLoop(VirtualTime time) {
        this.time = time;
    }

    @Override
    public boolean inLoop() {
        return running;
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
        time.soon(1, this::runNext);
    }

    private void runNext() {
        Runnable task = tasks.poll();
        if (task == null || dead) {
            return;
        }
        running = true;
        task.run();
        running = false;
    }

    @Override
    public Timer after(long millis, Runnable task) {
        boolean[] cancelled = new boolean[1];
        time.after(millis, () -> {
            if (!cancelled[0] && !dead) {
                execute(task);
            }
        });
        return () -> cancelled[0] = true;
    }

    void die() {
        dead = true;
        tasks.clear();
    }
}
