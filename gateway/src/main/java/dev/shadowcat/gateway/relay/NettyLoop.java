package dev.shadowcat.gateway.relay;

import dev.shadowcat.session.SessionLoop;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** An event loop as sessions see it. */
record NettyLoop(EventLoop loop) implements SessionLoop {
    @Override
    public boolean inLoop() {
        return loop.inEventLoop();
    }

    @Override
    public Timer after(long millis, Runnable task) {
        ScheduledFuture<?> scheduled = loop.schedule(task, millis, TimeUnit.MILLISECONDS);
        return () -> scheduled.cancel(false);
    }

    @Override
    public void execute(Runnable task) {
        loop.execute(task);
    }
}
