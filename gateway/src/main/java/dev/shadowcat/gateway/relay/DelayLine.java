package dev.shadowcat.gateway.relay;

import dev.shadowcat.session.SessionLoop;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Tasks that all wait for the same time, most of them in vain: whoever comes later is due later, so they are a list, and one
 * timer of the loop serves the first of it. On its loop.
 */
final class DelayLine {
    private final SessionLoop loop;
    private final LongSupplier nanoTime;
    private @Nullable Waiting first;
    private @Nullable Waiting last;
    private boolean timed;

    DelayLine(SessionLoop loop, LongSupplier nanoTime) {
        this.loop = loop;
        this.nanoTime = nanoTime;
    }

    /** @param millis the same each time */
    SessionLoop.Timer after(long millis, Runnable task) {
        Waiting waiting = new Waiting(this, nanoTime.getAsLong() + TimeUnit.MILLISECONDS.toNanos(millis), task);
        append(waiting);
        if (!timed) {
            time(millis);
        }
        return waiting;
    }

    private void time(long millis) {
        timed = true;
        loop.after(millis, this::runDue);
    }

    private void runDue() {
        timed = false;
        long now = nanoTime.getAsLong();
        try {
            for (Waiting due = first; due != null && due.atNanos - now <= 0; due = first) {
                unlink(due);
                due.task.run();
            }
        } finally { // a task that fails holds up no other
            Waiting next = first;
            if (next != null && !timed) {
                time(Math.max(0, TimeUnit.NANOSECONDS.toMillis(next.atNanos - now)) + 1);
            }
        }
    }

    private void append(Waiting waiting) {
        Waiting before = last;
        waiting.previous = before;
        if (before == null) {
            first = waiting;
        } else {
            before.next = waiting;
        }
        last = waiting;
        waiting.listed = true;
    }

    private void unlink(Waiting gone) {
        Waiting previous = gone.previous;
        Waiting next = gone.next;
        if (previous == null) {
            first = next;
        } else {
            previous.next = next;
        }
        if (next == null) {
            last = previous;
        } else {
            next.previous = previous;
        }
        gone.previous = null;
        gone.next = null;
        gone.listed = false;
    }

    private static final class Waiting implements SessionLoop.Timer {
        private final DelayLine line;
        private final long atNanos;
        private final Runnable task;
        private @Nullable Waiting previous;
        private @Nullable Waiting next;
        private boolean listed;

        private Waiting(DelayLine line, long atNanos, Runnable task) {
            this.line = line;
            this.atNanos = atNanos;
            this.task = task;
        }

        @Override
        public void cancel() {
            if (listed) {
                line.unlink(this);
            }
        }
    }
}
