package dev.shadowcat.gateway.relay;

import dev.shadowcat.session.SessionLoop;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** An event loop as sessions see it. */
final class NettyLoop implements SessionLoop {
    private final EventLoop loop;
    private final DelayLine usual = new DelayLine(this, System::nanoTime);
    private final DelayLine answered = new DelayLine(this, System::nanoTime);
    private final DelayLine held = new DelayLine(this, System::nanoTime);

    NettyLoop(EventLoop loop) {
        this.loop = loop;
    }

    EventLoop loop() {
        return loop;
    }

    @Override
    public boolean inLoop() {
        return loop.inEventLoop();
    }

    @Override
    public Timer after(long millis, Runnable task) {
        ScheduledFuture<?> scheduled = loop.schedule(task, millis, TimeUnit.MILLISECONDS);
        return () -> scheduled.cancel(false);
    }

    /** The same for the delay that every call begins with and hardly one waits out. On the loop, always with this delay. */
    Timer afterUsual(long millis, Runnable task) {
        return usual.after(millis, task);
    }

    /** Likewise for the delay that an answer on a stream ends with. */
    Timer afterAnswer(Duration delay, Runnable task) {
        return answered.after(delay.toMillis(), task);
    }

    /** Likewise for the time that a write is waited for: a reload may change it, and who waits by then waits the longer of both. */
    Timer afterHold(Duration delay, Runnable task) {
        return held.after(delay.toMillis(), task);
    }

    @Override
    public void execute(Runnable task) {
        loop.execute(task);
    }
}
