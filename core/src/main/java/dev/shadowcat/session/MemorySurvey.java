package dev.shadowcat.session;

import dev.shadowcat.memory.Footprint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Measures sessions in memory: every ten seconds the next thousand of them, each on its own loop, twenty at a time, so that no
 * loop is held up for longer than one request takes. Any thread.
 */
public final class MemorySurvey {
    private static final Duration PAUSE = Duration.ofSeconds(10);
    private static final int SESSIONS = 1_000;
    private static final int AT_A_TIME = 20;

    private final SessionManager<?> sessions;
    private final LongConsumer observer;
    private Iterator<? extends Session> next = Collections.emptyIterator(); // guarded by this
    private volatile double mean; // of the newest round that is complete
    private volatile SessionLoop.@Nullable Timer pause;

    /** @param observer hears of the bytes of each session that is measured, on the session's loop */
    public MemorySurvey(SessionManager<?> sessions, LongConsumer observer) {
        this.sessions = sessions;
        this.observer = observer;
    }

    /** Begins a round, and another one each time that the pause is over; {@code pool} is no loop and may refuse. */
    public void start(SessionLoop loop, Executor pool) {
        try {
            pool.execute(this::round);
        } catch (RejectedExecutionException busy) {
            // The next round comes; this one would add to what there is too much of.
        }
        pause = loop.after(PAUSE.toMillis(), () -> start(loop, pool));
    }

    public void close() {
        SessionLoop.Timer timer = pause;
        if (timer != null) {
            timer.cancel();
        }
    }

    /** What all sessions in memory take together, by the average of those that were measured last; 0 before the first was. */
    public double totalBytes() {
        return mean * sessions.inMemory();
    }

    /** Measures the next of them now. Any thread but a loop. */
    public synchronized void round() {
        Map<SessionLoop, List<Session>> byLoop = new HashMap<>();
        int taken = 0;
        if (!next.hasNext()) {
            next = sessions.iterator();
        }
        while (taken < SESSIONS && next.hasNext()) {
            Session session = next.next();
            byLoop.computeIfAbsent(session.loop(), each -> new ArrayList<>()).add(session);
            taken++;
        }
        if (taken == 0) {
            mean = 0;
            return;
        }
        Round round = new Round(taken);
        byLoop.forEach((loop, own) -> loop.execute(() -> round.measure(loop, own.iterator())));
    }

    private final class Round {
        private final int count;
        private final AtomicInteger left;
        private final AtomicLong bytes = new AtomicLong();

        private Round(int count) {
            this.count = count;
            this.left = new AtomicInteger(count);
        }

        private void measure(SessionLoop loop, Iterator<Session> own) {
            for (int i = 0; i < AT_A_TIME && own.hasNext(); i++) {
                Footprint footprint = new Footprint();
                own.next().measure(footprint);
                observer.accept(footprint.bytes());
                bytes.addAndGet(footprint.bytes());
                if (left.decrementAndGet() == 0) {
                    mean = (double) bytes.get() / count;
                }
            }
            if (own.hasNext()) {
                loop.execute(() -> measure(loop, own));
            }
        }
    }
}
