package dev.shadowcat.testkit;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** A clock that stands until a test moves it; wall-clock time and the monotonic one can part, as they do on a machine. */
public final class ManualClock implements InstantSource {
    private final AtomicLong wallNanos;
    private final AtomicLong monotonicNanos = new AtomicLong();

    public ManualClock(Instant start) {
        this.wallNanos = new AtomicLong(
                Math.addExact(Math.multiplyExact(start.getEpochSecond(), 1_000_000_000L), start.getNano()));
    }

    @Override
    public Instant instant() {
        long nanos = wallNanos.get();
        return Instant.ofEpochSecond(Math.floorDiv(nanos, 1_000_000_000L), Math.floorMod(nanos, 1_000_000_000L));
    }

    /** The monotonic clock, in place of {@link System#nanoTime}. */
    public LongSupplier nanoTime() {
        return monotonicNanos::get;
    }

    /** Time passes. */
    public void advance(Duration duration) {
        if (duration.isNegative()) {
            throw new IllegalArgumentException("time only passes forwards, but was told to pass " + duration);
        }
        wallNanos.addAndGet(duration.toNanos());
        monotonicNanos.addAndGet(duration.toNanos());
    }

    /** Someone sets the wall clock, forwards or back; no time passes. */
    public void jump(Duration duration) {
        wallNanos.addAndGet(duration.toNanos());
    }
}
