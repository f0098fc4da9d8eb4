package dev.shadowcat.benchmarks;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.persist.Lane;
import dev.shadowcat.persist.PersistenceSettings;
import dev.shadowcat.persist.PersistenceWorker;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoredStream;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.HdrHistogram.Histogram;

/**
 * A worker on a store of its own, and an event loop that offers it events of many sessions, as the gateway's does: at a paced
 * rate, or as many as a window lets be under way. Public methods block and are for the benchmark's thread; the rest is on the
 * loop.
 */
final class WorkerLoad implements AutoCloseable {
    private static final long SHORTEST_PAUSE_NANOS = 100_000;
    private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final EventStore store;
    private final PersistenceWorker worker;
    private final EventLoop loop;
    private final Payloads payloads;
    private final BatchTally tally = new BatchTally();
    private final Histogram latencies = new Histogram(LONGEST_NANOS, 3);
    private final List<LaneSession> sessions = new ArrayList<>();
    private final SplittableRandom ids = new SplittableRandom(7);
    private final long keep;
    private boolean offering;
    private boolean paced;
    private boolean measuring;
    private long intervalNanos;
    private long nextAt;
    private long underWay;
    private long stored;
    private long disorder; // of sessions that were deleted
    private int turn;

    /** @param keep events of a stream that retention keeps */
    WorkerLoad(
            EventStore store,
            PersistenceSettings settings,
            EventLoop loop,
            Payloads payloads,
            int sessions,
            long keep) {
        this.store = store;
        this.loop = loop;
        this.payloads = payloads;
        this.keep = keep;
        worker = new PersistenceWorker(
                store,
                settings,
                (write, reason) -> {
                    throw new IllegalStateException("refused for good: " + reason);
                },
                tally);
        worker.start();
        read(() -> {
            for (int session = 0; session < sessions; session++) {
                begin();
            }
            return sessions;
        });
    }

    private void begin() {
        SessionId id = SessionId.mint(ids);
        LaneSession session = new LaneSession(id, worker.lane(loop, Lane.Listener.NOBODY), keep, this::stored);
        session.begin();
        sessions.add(session);
    }

    /** Keeps so many events under way, until {@link #stop}. */
    void saturate(int window) {
        read(() -> {
            offering = true;
            paced = false;
            while (underWay < window) {
                offer(System.nanoTime());
            }
            return true;
        });
    }

    /** Offers events at a rate, until {@link #stop}. */
    void pace(int eventsPerSecond) {
        read(() -> {
            offering = true;
            paced = true;
            intervalNanos = 1_000_000_000L / eventsPerSecond;
            nextAt = System.nanoTime();
            offerDue();
            return true;
        });
    }

    private void offerDue() {
        long now = System.nanoTime();
        while (offering && nextAt - now <= 0) {
            offer(nextAt);
            nextAt += intervalNanos;
        }
        if (offering) {
            long pause = Math.max(SHORTEST_PAUSE_NANOS, nextAt - System.nanoTime());
            var _ = loop.schedule(this::offerDue, pause, TimeUnit.NANOSECONDS);
        }
    }

    private void offer(long dueNanos) {
        turn = turn + 1 < sessions.size() ? turn + 1 : 0;
        underWay++;
        sessions.get(turn).offer(payloads.next(), dueNanos);
    }

    private void stored(long dueNanos) {
        underWay--;
        stored++;
        if (measuring) {
            latencies.recordValue(Math.clamp(System.nanoTime() - dueNanos, 0, LONGEST_NANOS));
        }
        if (offering && !paced) {
            offer(System.nanoTime());
        }
    }

    /** Deletes the session that began first, and begins another. */
    void replaceOldest() {
        read(() -> {
            LaneSession oldest = sessions.removeFirst();
            disorder += oldest.disorder();
            oldest.delete();
            begin();
            return true;
        });
    }

    /** Begins to measure latencies anew. */
    void measure() {
        read(() -> {
            latencies.reset();
            measuring = true;
            return true;
        });
    }

    /** Offers no more and waits until nothing is under way. */
    void stop() {
        read(() -> offering = false);
        while (read(() -> underWay) > 0) {
            Pause.millis(1);
        }
        read(() -> measuring = false);
    }

    /** Whether each session's events were stored in order and the store has them to the last. To be asked after {@link #stop}. */
    boolean whole() {
        List<LaneSession> all = read(() -> List.copyOf(sessions));
        boolean inOrder = read(() -> disorder) == 0 && all.stream().allMatch(session -> session.disorder() == 0);
        return inOrder
                && all.stream()
                        .allMatch(session ->
                                session.stored() == session.offered() && newest(session) == session.offered());
    }

    private long newest(LaneSession session) {
        return store.stream(session.id(), LaneSession.STREAM)
                .map(StoredStream::lastSequence)
                .orElse(-1L);
    }

    /** Events stored so far. */
    long stored() {
        return read(() -> stored);
    }

    /** Latencies since {@link #measure}, a copy. */
    Histogram latencies() {
        return read(latencies::copy);
    }

    /** The sessions that live now, a copy. */
    List<LaneSession> sessions() {
        return read(() -> List.copyOf(sessions));
    }

    BatchTally.Sums batches() {
        return tally.sums();
    }

    private <T> T read(Supplier<T> figure) {
        return CompletableFuture.supplyAsync(figure, loop).join();
    }

    @Override
    public void close() {
        int left = worker.close(Duration.ofSeconds(30));
        store.close();
        if (left > 0) {
            throw new IllegalStateException(left + " writes were not stored");
        }
    }
}
