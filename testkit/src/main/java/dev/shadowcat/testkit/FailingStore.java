package dev.shadowcat.testkit;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.Partition;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoredSession;
import dev.shadowcat.store.StoredStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A store that works until a test tells it how to fail: for each of the ways in which a real one does. */
public final class FailingStore implements EventStore {
    private static final Duration RETRY_AFTER = Duration.ofMillis(10);

    private final Supplier<EventStore> emptyStore;
    private final byte[] credentialKey;
    private final List<StoreWrite> onTheDisk = new ArrayList<>(); // guarded by this
    private final List<StoreWrite> notSynced = new ArrayList<>(); // guarded by this
    private EventStore store; // guarded by this
    private int bootEpoch; // guarded by this

    private int busyFor; // guarded by this
    private int throwFor; // guarded by this
    private int loseOutcomeFor; // guarded by this
    private boolean stalled; // guarded by this
    private boolean stalling; // guarded by this
    private Predicate<StoreWrite> poison = _ -> false; // guarded by this
    private boolean naming; // guarded by this
    private final Set<Partition> failing = new LinkedHashSet<>(); // guarded by this
    private @Nullable Random chance; // guarded by this
    private double failureRate; // guarded by this
    private boolean unreadable; // guarded by this
    private boolean closed; // guarded by this

    /** @param emptyStore makes the store behind it, and another one at each crash */
    public FailingStore(Supplier<EventStore> emptyStore) {
        this.emptyStore = emptyStore;
        this.store = emptyStore.get();
        this.credentialKey = store.credentialKey();
        this.bootEpoch = store.bootEpoch();
    }

    /** The next appends store nothing and say so. */
    public synchronized void beBusyFor(int appends) {
        busyFor = appends;
    }

    /** The next appends store nothing and throw. */
    public synchronized void throwFor(int appends) {
        throwFor = appends;
    }

    /** The next appends store everything and throw nevertheless: their fate is unknown to the caller. */
    public synchronized void loseOutcomeFor(int appends) {
        loseOutcomeFor = appends;
    }

    /** Appends that hold such a write are refused for good; the outcome does not say which write it is. */
    public synchronized void refuse(Predicate<StoreWrite> write) {
        poison = write;
        naming = false;
    }

    /** Appends that hold such writes are refused for good, and the outcome names them. */
    public synchronized void refuseByName(Predicate<StoreWrite> write) {
        poison = write;
        naming = true;
    }

    /** Appends that hold a write to this part of the store are busy, until it works again. */
    public synchronized void fail(Partition part) {
        failing.add(part);
    }

    /** The part works again. */
    public synchronized void heal(Partition part) {
        failing.remove(part);
    }

    /** Each append fails with a probability, in one of the three ways above by turns of chance. */
    public synchronized void failAtRandom(long seed, double rate) {
        chance = new Random(seed);
        failureRate = rate;
    }

    /** Whether sessions, streams and events cannot be read; {@link #heal} ends that too. */
    public synchronized void failReads(boolean fails) {
        unreadable = fails;
    }

    private void readOrFail() {
        if (unreadable) {
            throw failure();
        }
    }

    /** Everything works again. */
    public synchronized void heal() {
        unreadable = false;
        busyFor = 0;
        throwFor = 0;
        loseOutcomeFor = 0;
        poison = _ -> false;
        chance = null;
        failing.clear();
        release();
    }

    /** Appends wait until {@link #release}, like a disk that hangs. */
    public synchronized void stall() {
        stalled = true;
    }

    public synchronized void release() {
        stalled = false;
        notifyAll();
    }

    /** Whether an append waits for {@link #release} now. */
    public synchronized boolean isStalling() {
        return stalling;
    }

    /** A power cut: what was not synced is gone, and the store is there again in its next boot epoch. */
    public synchronized void crash() {
        store.close();
        store = emptyStore.get();
        store.append(List.copyOf(onTheDisk));
        notSynced.clear();
        bootEpoch++;
    }

    @Override
    public synchronized AppendOutcome append(List<StoreWrite> batch) {
        waitWhileStalled();
        if (busyFor > 0) {
            busyFor--;
            return busy();
        }
        if (throwFor > 0) {
            throwFor--;
            throw failure();
        }
        for (Partition part : failing) {
            if (batch.stream().anyMatch(write -> part.holds(write.session()))) {
                return new AppendOutcome.Busy(RETRY_AFTER, "told to fail in part", part);
            }
        }
        List<StoreWrite> refused = batch.stream().filter(poison).toList();
        if (!refused.isEmpty()) {
            return new AppendOutcome.Refused(
                    "told to refuse " + refused.getFirst().getClass().getSimpleName(), naming ? refused : List.of());
        }
        if (chance != null && chance.nextDouble() < failureRate) {
            return failByChance(batch, chance);
        }
        AppendOutcome outcome = store(batch);
        if (loseOutcomeFor > 0) {
            loseOutcomeFor--;
            throw failure();
        }
        return outcome;
    }

    private AppendOutcome failByChance(List<StoreWrite> batch, Random dice) {
        return switch (dice.nextInt(3)) {
            case 0 -> busy();
            case 1 -> throw failure();
            default -> {
                store(batch);
                throw failure();
            }
        };
    }

    private AppendOutcome store(List<StoreWrite> batch) {
        AppendOutcome outcome = store.append(batch);
        if (outcome instanceof AppendOutcome.Stored) {
            notSynced.addAll(batch);
        }
        return outcome;
    }

    private void waitWhileStalled() {
        boolean interrupted = false;
        while (stalled) {
            stalling = true;
            try {
                wait();
            } catch (InterruptedException stop) {
                interrupted = true;
            }
        }
        stalling = false;
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static AppendOutcome busy() {
        return new AppendOutcome.Busy(RETRY_AFTER, "told to be busy");
    }

    private static StoreException failure() {
        return new StoreException("told to fail", null);
    }

    @Override
    public synchronized void sync() {
        store.sync();
        onTheDisk.addAll(notSynced);
        notSynced.clear();
    }

    @Override
    public synchronized Optional<StoredSession> session(SessionId session) {
        readOrFail();
        return store.session(session);
    }

    @Override
    public synchronized List<StoredStream> streams(SessionId session) {
        readOrFail();
        return store.streams(session);
    }

    @Override
    public synchronized Optional<StoredStream> stream(SessionId session, int stream) {
        readOrFail();
        return store.stream(session, stream);
    }

    @Override
    public synchronized List<Event> read(
            SessionId session, int stream, long afterSequence, int maxEvents, long maxBytes) {
        readOrFail();
        return store.read(session, stream, afterSequence, maxEvents, maxBytes);
    }

    @Override
    public synchronized List<StoredSession> sessions(@Nullable SessionId after, int limit) {
        readOrFail();
        return store.sessions(after, limit);
    }

    @Override
    public synchronized boolean expire(SessionId session, long idleSinceMillis) {
        boolean expired = store.expire(session, idleSinceMillis);
        if (expired) {
            notSynced.add(new StoreWrite.DeleteSession(session));
        }
        return expired;
    }

    @Override
    public synchronized int bootEpoch() {
        return bootEpoch;
    }

    @Override
    public byte[] credentialKey() {
        return credentialKey.clone();
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            store.close();
        }
    }

    /** Whether it was closed. */
    public synchronized boolean isClosed() {
        return closed;
    }
}
