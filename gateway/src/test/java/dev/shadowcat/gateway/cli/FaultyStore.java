package dev.shadowcat.gateway.cli;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoredSession;
import dev.shadowcat.store.StoredStream;
import dev.shadowcat.testkit.ForwardingStore;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A real store that is told, while a gateway works with it, which fault to have. */
final class FaultyStore extends ForwardingStore {
    private static final Duration RETRY_AFTER = Duration.ofMillis(10);

    private final Random random;
    private volatile Fault fault;
    private volatile long appends; // the worker writes
    private volatile long failures; // the worker writes
    private volatile long failedAtMillis; // when an append failed first after one that did not; 0 while none does

    FaultyStore(EventStore behind, Fault fault, long seed) {
        super(behind);
        this.fault = fault;
        this.random = new Random(seed);
    }

    void have(Fault next) {
        fault = next;
    }

    /** What happened so far, as JSON. */
    String report() {
        return "{\"appends\":%d,\"failures\":%d,\"failedAt\":%d}".formatted(appends, failures, failedAtMillis);
    }

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread appends
    public AppendOutcome append(List<StoreWrite> batch) {
        appends++;
        boolean stored = false;
        try {
            AppendOutcome outcome = appendWithFault(batch);
            stored = outcome instanceof AppendOutcome.Stored;
            return outcome;
        } finally {
            if (stored) {
                failedAtMillis = 0;
            } else {
                failures++;
                failedAtMillis = failedAtMillis == 0 ? System.currentTimeMillis() : failedAtMillis;
            }
        }
    }

    private AppendOutcome appendWithFault(List<StoreWrite> batch) {
        return switch (fault) {
            case Fault.None _ -> super.append(batch);
            case Fault.AtRandom at when random.nextInt(100) >= at.percent() -> super.append(batch);
            case Fault.AtRandom _ -> failInOneOfThreeWays(batch);
            case Fault.Outage _ -> throw failure();
            case Fault.Slow slow -> {
                LockSupport.parkNanos(slow.each().toNanos());
                yield super.append(batch);
            }
            case Fault.Stall _ -> {
                waitWhileStalled();
                yield super.append(batch);
            }
        };
    }

    /** Not stored and said so, not stored and thrown, or stored and thrown nevertheless. */
    private AppendOutcome failInOneOfThreeWays(List<StoreWrite> batch) {
        return switch (random.nextInt(3)) {
            case 0 -> new AppendOutcome.Busy(RETRY_AFTER, "told to be busy");
            case 1 -> throw failure();
            default -> {
                super.append(batch);
                throw failure();
            }
        };
    }

    private void waitWhileStalled() {
        while (fault instanceof Fault.Stall && !Thread.currentThread().isInterrupted()) {
            LockSupport.parkNanos(1_000_000);
        }
    }

    private void answerOrFail() {
        if (fault instanceof Fault.Outage outage && outage.ofReadsToo()) {
            throw failure();
        }
    }

    private static StoreException failure() {
        return new StoreException("told to fail", null);
    }

    @Override
    public void sync() {
        if (fault instanceof Fault.Outage) {
            throw failure();
        }
        super.sync();
    }

    @Override
    public boolean expire(SessionId session, long idleSinceMillis) {
        answerOrFail();
        return super.expire(session, idleSinceMillis);
    }

    @Override
    public Optional<StoredSession> session(SessionId session) {
        answerOrFail();
        return super.session(session);
    }

    @Override
    public List<StoredStream> streams(SessionId session) {
        answerOrFail();
        return super.streams(session);
    }

    @Override
    public Optional<StoredStream> stream(SessionId session, int stream) {
        answerOrFail();
        return super.stream(session, stream);
    }

    @Override
    public List<Event> read(SessionId session, int stream, long afterSequence, int maxEvents, long maxBytes) {
        answerOrFail();
        return super.read(session, stream, afterSequence, maxEvents, maxBytes);
    }

    @Override
    public List<StoredSession> sessions(@Nullable SessionId after, int limit) {
        answerOrFail();
        return super.sessions(after, limit);
    }
}
