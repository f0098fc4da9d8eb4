package dev.shadowcat.gateway.cli;

import java.util.concurrent.CountDownLatch;

/** Waits for SIGTERM or Ctrl-C, stops in good order, and ends the process with 0: it did what it was told. */
final class Shutdown {
    /** Returns only if the calling thread is interrupted. */
    void await(Runnable stop) {
        Thread hook = new Thread(
                () -> {
                    stop.run();
                    // Without it the JVM would report the signal (143), which a supervisor takes for a crash.
                    Runtime.getRuntime().halt(0);
                },
                "shadowcat-shutdown");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException interrupted) {
            Runtime.getRuntime().removeShutdownHook(hook);
            stop.run();
            Thread.currentThread().interrupt();
        }
    }
}
