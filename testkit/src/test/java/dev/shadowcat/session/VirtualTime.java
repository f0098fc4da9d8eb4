package dev.shadowcat.session;

import dev.shadowcat.testkit.ManualClock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;

/** What happens when, in one thread: tasks in the order of their times, and no time passes but from one to the next. */
final class VirtualTime {
    private record Task(long at, long order, Runnable what) {}

    final Random random;
    private final ManualClock clock = new ManualClock(Instant.ofEpochSecond(1_700_000_000));
    private final PriorityQueue<Task> tasks =
            new PriorityQueue<>(Comparator.comparingLong(Task::at).thenComparingLong(Task::order));
    private final List<Throwable> failures = new ArrayList<>();
    private long now;
    private long order;

    VirtualTime(long seed) {
        random = new Random(
                new SplittableRandom(seed).nextLong()); // of seeds in a row, Random's first numbers are all alike
    }

    /** The same dice decide what is to happen and when. */
    boolean chance(double probability) {
        return random.nextDouble() < probability;
    }

    InstantSource clock() {
        return clock;
    }

    LongSupplier nanoTime() {
        return clock.nanoTime();
    }

    void after(long millis, Runnable what) {
        tasks.add(new Task(now + millis, order++, what));
    }

    void soon(int maxMillis, Runnable what) {
        after(random.nextInt(maxMillis + 1), what);
    }

    long now() {
        return now;
    }

    /** Lets everything happen that is due within a time, unless {@code over} comes true. May be called within a task. */
    void pass(long millis, java.util.function.BooleanSupplier over) {
        long end = now + millis;
        while (!over.getAsBoolean()) {
            Task next = tasks.peek();
            if (next == null || next.at > end) {
                moveTo(end);
                return;
            }
            tasks.remove();
            moveTo(next.at);
            try {
                next.what.run();
            } catch (RuntimeException | Error broken) {
                failures.add(broken); // whoever called pass may take it for a failure of its own
                throw broken;
            }
        }
    }

    /** What broke while time passed. */
    List<Throwable> failures() {
        return failures;
    }

    private void moveTo(long time) {
        if (time > now) {
            clock.advance(Duration.ofMillis(time - now));
            now = time;
        }
    }
}
