package dev.shadowcat.gateway.relay;

import java.time.Clock;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The time of day, for what is written down, and the time that passes, for what is waited for: someone may set the one, forwards or
 * back, and nobody's request is to be given up for that.
 *
 * @param wall the time of day
 * @param nanoTime nanoseconds that passed since some moment
 */
record Clocks(Clock wall, LongSupplier nanoTime) {
    /** The machine's. */
    static final Clocks SYSTEM = system();

    private static Clocks system() {
        long began = System.nanoTime(); // which may be negative, and nothing here is to be
        return new Clocks(Clock.systemUTC(), () -> System.nanoTime() - began);
    }

    /** Milliseconds that passed since some moment: good for differences only. */
    long passedMillis() {
        return TimeUnit.NANOSECONDS.toMillis(nanoTime.getAsLong());
    }
}
