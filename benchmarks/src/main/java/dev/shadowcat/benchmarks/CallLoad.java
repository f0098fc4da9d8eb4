package dev.shadowcat.benchmarks;

import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Calls over many connections: as fast as answers come, or at a fixed rate whatever the answers do (open loop). At a fixed rate
 * the latency counts from when a call was due, so that a stall is felt by every call that it held up. On one event loop.
 */
final class CallLoad implements Caller.Load {
    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final EventLoop loop;
    private final long intervalNanos; // 0: as fast as answers come
    private final ArrayDeque<Caller> idle = new ArrayDeque<>();
    private final ArrayDeque<Long> overdue = new ArrayDeque<>();
    private final Histogram latencies = new Histogram(LONGEST_NANOS, 3);
    private final CompletableFuture<CallResult> result = new CompletableFuture<>();
    private boolean running;
    private boolean measuring;
    private long nextAt;
    private long calls;
    private long errors;
    private @Nullable CpuMeter meter;

    CallLoad(EventLoop loop, double callsPerSecond) {
        this.loop = loop;
        intervalNanos = callsPerSecond == 0 ? 0 : (long) (1e9 / callsPerSecond);
    }

    /** Warms up, measures, stops; completes when the last call in flight was answered or 5 s after. */
    CompletableFuture<CallResult> run(
            List<Caller> callers, Target target, List<Long> helpers, long warmUpMillis, long measureMillis) {
        loop.execute(() -> {
            running = true;
            var _ = loop.schedule(() -> measure(target, helpers), warmUpMillis, TimeUnit.MILLISECONDS);
            var _ = loop.schedule(this::stop, warmUpMillis + measureMillis, TimeUnit.MILLISECONDS);
            if (intervalNanos > 0) {
                idle.addAll(callers);
                nextAt = System.nanoTime();
                callDue();
                return;
            }
            callers.forEach(caller -> caller.call(System.nanoTime()));
        });
        return result;
    }

    private void measure(Target target, List<Long> helpers) {
        meter = new CpuMeter(target.processes(), helpers);
        measuring = true;
    }

    private void stop() {
        CpuMeter measured = meter;
        if (measured == null) {
            throw new IllegalStateException("stopped before measuring began");
        }
        running = false;
        measuring = false;
        double seconds = measured.seconds();
        CallResult taken = new CallResult(
                seconds, calls, errors + overdue.size(), latencies, measured.targetSeconds(), measured.foreignCores());
        // What is in flight is answered before the sessions are deleted; a call that never is shows as too few calls.
        var _ = loop.schedule(() -> result.complete(taken), 300, TimeUnit.MILLISECONDS);
    }

    private void callDue() {
        if (!running) {
            return;
        }
        long now = System.nanoTime();
        while (nextAt - now <= 0) {
            Caller caller = idle.pollFirst();
            if (caller == null) {
                overdue.add(nextAt);
            } else {
                caller.call(nextAt);
            }
            nextAt += intervalNanos;
        }
        var _ = loop.schedule(this::callDue, Math.max(0, nextAt - System.nanoTime()), TimeUnit.NANOSECONDS);
    }

    @Override
    public void answered(Caller caller, long intendedAt, boolean right) {
        long now = System.nanoTime();
        if (!right) {
            if (errors == 0) {
                System.err.println("wrong answer: " + caller.wrong());
            }
            errors++;
        } else if (measuring) {
            calls++;
            latencies.recordValue(Math.min(now - intendedAt, LONGEST_NANOS));
        }
        if (!running) {
            return;
        }
        if (intervalNanos == 0) {
            caller.call(now);
            return;
        }
        Long due = overdue.pollFirst();
        if (due == null) {
            idle.addLast(caller);
            return;
        }
        caller.call(due);
    }

    @Override
    public void broken(Caller caller) {
        errors++;
        System.err.println(caller.session().target().name() + ": connection closed before the answer");
    }
}
