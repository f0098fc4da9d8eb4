package dev.shadowcat.persist;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Waits in real time, which are short once the worker closes: what the store may take now should not wait for an old pause. */
final class ClosingPause implements PersistenceWorker.Pause {
    /** The longest wait while the worker closes. */
    static final long MOST_MILLIS = 50;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private boolean closing; // guarded by lock
    private int ended; // guarded by lock

    @Override
    public void millis(long millis) throws InterruptedException {
        boolean hurries;
        lock.lock();
        try {
            int before = ended;
            long left = TimeUnit.MILLISECONDS.toNanos(millis);
            while (!closing && ended == before && left > 0) {
                left = changed.awaitNanos(left);
            }
            hurries = closing;
        } finally {
            lock.unlock();
        }
        if (hurries) {
            Thread.sleep(Math.min(millis, MOST_MILLIS));
        }
    }

    @Override
    public void end() {
        lock.lock();
        try {
            ended++;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void hurry() {
        lock.lock();
        try {
            closing = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
