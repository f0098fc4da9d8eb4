package dev.shadowcat.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.function.IntFunction;

/** Runs many asynchronous steps, only so many at once. Blocks the calling thread. */
final class Together {
    private Together() {}

    /** Waits for all results; the first failure is thrown, and no further step begins. */
    static <T> List<T> run(int count, int atOnce, IntFunction<CompletableFuture<T>> step) {
        Semaphore free = new Semaphore(atOnce);
        List<CompletableFuture<T>> steps = new ArrayList<>(count);
        for (int index = 0; index < count; index++) {
            free.acquireUninterruptibly();
            CompletableFuture<T> begun = step.apply(index);
            steps.add(begun);
            var _ = begun.whenComplete((_, _) -> free.release());
            if (begun.isCompletedExceptionally()) {
                break;
            }
        }
        return new ArrayList<>(steps.stream().map(CompletableFuture::join).toList());
    }
}
