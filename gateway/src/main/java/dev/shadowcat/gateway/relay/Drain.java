package dev.shadowcat.gateway.relay;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/** The wait of a gateway that stops, for answers that no other connection could bring. Any thread. */
final class Drain {
    private final AtomicInteger open = new AtomicInteger(1); // the one who counts them
    private final CompletableFuture<Boolean> empty = new CompletableFuture<>();

    void add() {
        open.incrementAndGet();
    }

    void remove() {
        if (open.decrementAndGet() == 0) {
            empty.complete(true);
        }
    }

    /** Says whether all came within the time. Once, after the last {@link #add}. */
    boolean await(Duration time) {
        remove();
        try {
            return empty.get(time.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException _) {
            return false;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return false;
        } catch (ExecutionException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
