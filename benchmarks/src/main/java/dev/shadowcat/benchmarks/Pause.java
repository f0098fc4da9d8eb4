package dev.shadowcat.benchmarks;

import java.util.concurrent.locks.LockSupport;

/** Waiting, where waiting is what a benchmark does. */
final class Pause {
    private Pause() {}

    static void millis(long millis) {
        long until = System.nanoTime() + millis * 1_000_000;
        for (long left = until - System.nanoTime(); left > 0; left = until - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }
}
