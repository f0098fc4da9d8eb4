package dev.shadowcat.persist;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Waits in real time, which are short once the worker closes: what the store may take now should not wait for an old pause. */
final class ClosingPause implements PersistenceWorker.Pause {
    /** The longest wait while the worker closes. */
    static final long MOST_MILLIS = 50;

    private final CountDownLatch closing = new CountDownLatch(1);

    @Override
    public void millis(long millis) throws InterruptedException {
        if (closing.await(millis, TimeUnit.MILLISECONDS)) {
            Thread.sleep(Math.min(millis, MOST_MILLIS));
        }
    }

    @Override
    public void hurry() {
        closing.countDown();
    }
}
