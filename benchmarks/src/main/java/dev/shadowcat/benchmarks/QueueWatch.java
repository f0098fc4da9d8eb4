package dev.shadowcat.benchmarks;

import java.util.concurrent.atomic.AtomicLong;

/** Scrapes the depth of the gateway's queue every 50 ms from a thread of its own, and remembers the deepest. */
final class QueueWatch implements AutoCloseable {
    private static final long PAUSE_MILLIS = 50;

    private final GatewayMetrics metrics;
    private final Thread thread;
    private volatile boolean closing;
    private volatile double deepest;
    private final AtomicLong scrapes = new AtomicLong();

    QueueWatch(GatewayMetrics metrics) {
        this.metrics = metrics;
        thread = Thread.ofPlatform().name("queue-watch").daemon().start(this::watch);
    }

    private void watch() {
        while (!closing) {
            deepest = Math.max(deepest, metrics.value("persistence_queue_depth"));
            scrapes.incrementAndGet();
            Pause.millis(PAUSE_MILLIS);
        }
    }

    double deepest() {
        return deepest;
    }

    long scrapes() {
        return scrapes.get();
    }

    @Override
    public void close() {
        closing = true;
        try {
            thread.join();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
