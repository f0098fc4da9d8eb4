package dev.shadowcat.testkit;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.MemoryStore;
import dev.shadowcat.store.Renewals;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoredStream;
import dev.shadowcat.store.StreamRecord.Phase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** A store in memory that the nodes of a test share, by a clock of the test's. Any thread. */
public final class SharedMemory {
    private final MemoryStore memory;
    private final Duration leaseOfNodes;
    private final LongSupplier nanoTime;

    // All below: guarded by this.
    private final Map<SessionId, Node> holders = new HashMap<>();
    private final List<Node> nodes = new ArrayList<>();
    private int epoch;

    /**
     * @param lease of nodes that are given no other
     * @param nanoTime the store's clock
     */
    public SharedMemory(Duration lease, LongSupplier nanoTime) {
        this.memory = new MemoryStore(256L << 20);
        this.leaseOfNodes = lease;
        this.nanoTime = nanoTime;
    }

    /** The store as one more node has it. */
    public Node node() {
        return node(leaseOfNodes);
    }

    /** The same, with a lease of its own length. */
    public Node node(Duration lease) {
        Node node = new Node(lease);
        synchronized (this) {
            nodes.add(node);
        }
        return node;
    }

    /**
     * Another store takes the place of this one: nobody holds a session any more.
     *
     * @param lacking what it lacks of what was acknowledged: deletions of it
     */
    public synchronized void failOver(StoreWrite... lacking) {
        memory.append(List.of(lacking));
        holders.clear();
        epoch++;
    }

    /** The store as one node sees it. */
    public final class Node extends ForwardingStore implements SharedStore {
        private final Duration lease;
        private final Renewals renewals;
        private final AtomicInteger claims = new AtomicInteger();
        private final AtomicInteger expiries = new AtomicInteger();
        private volatile String address = "";
        private volatile boolean cut;
        private volatile boolean full;
        private volatile CountDownLatch thawed = new CountDownLatch(0);
        private volatile CountDownLatch answered = new CountDownLatch(0);
        private final AtomicInteger late = new AtomicInteger();
        private volatile boolean losesNextRenewal;
        private volatile @Nullable Class<? extends StoreWrite> overtaken; // kind of write
        private long runsUntilNanos; // guarded by the memory
        private boolean begun; // likewise
        private boolean left; // likewise
        private int renewedIn; // epoch; likewise

        private Node(Duration lease) {
            super(memory);
            this.lease = lease;
            this.renewals = new Renewals(lease, nanoTime);
        }

        /** Where others reach this node. */
        public void address(String hostAndPort) {
            address = hostAndPort;
        }

        /** Cuts this node off from the store, or lets it back. */
        public void cut(boolean off) {
            cut = off;
        }

        /** The store takes no events for now, though it answers, and leases are renewed. */
        public void full(boolean takesNothing) {
            full = takesNothing;
        }

        /** From now on the store gives this node no answer, until it is thawed. */
        public void freeze() {
            thawed = new CountDownLatch(1);
        }

        public void thaw() {
            thawed.countDown();
        }

        /** From now on the answer to a question for one event reaches this node late: when answers are let through. */
        public void holdAnswers() {
            answered = new CountDownLatch(1);
        }

        public void letAnswersThrough() {
            answered.countDown();
        }

        /** Answers that are held. */
        public int heldAnswers() {
            return late.get();
        }

        /** The next renewal is done, and its answer never comes. */
        public void loseNextRenewal() {
            losesNextRenewal = true;
        }

        /** How often this node has asked whose a session is. */
        public int claims() {
            return claims.get();
        }

        /** How often this node has asked for a session to expire. */
        public int expiries() {
            return expiries.get();
        }

        /** Another store takes the place of this one when this node's next write of a kind is under way: nobody has heard of it before. */
        public void failOverUnder(Class<? extends StoreWrite> kind) {
            overtaken = kind;
        }

        private void beOvertaken(List<StoreWrite> batch) {
            Class<? extends StoreWrite> kind = overtaken;
            if (kind != null && batch.stream().anyMatch(kind::isInstance)) {
                overtaken = null;
                failOver();
            }
        }

        private void reach() {
            passed(thawed);
            if (cut) {
                throw new StoreException("the store cannot be reached", null);
            }
        }

        private static void passed(CountDownLatch latch) {
            try {
                latch.await();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new StoreException("interrupted", interrupted);
            }
        }

        @Override
        public List<Event> read(SessionId session, int stream, long afterSequence, int maxEvents, long maxBytes) {
            List<Event> events = super.read(session, stream, afterSequence, maxEvents, maxBytes);
            if (maxEvents == 1) {
                late.incrementAndGet();
                passed(answered);
                late.decrementAndGet();
            }
            return events;
        }

        private boolean runs() {
            return begun && nanoTime.getAsLong() - runsUntilNanos < 0;
        }

        @Override
        public AppendOutcome append(List<StoreWrite> batch) {
            reach();
            if (full) {
                return new AppendOutcome.Busy(Duration.ofMillis(1), "it is full");
            }
            beOvertaken(batch);
            synchronized (SharedMemory.this) {
                Set<SessionId> lost = new HashSet<>();
                for (StoreWrite write : batch) {
                    boolean there = memory.session(write.session()).isPresent();
                    if (there && !equals(holders.get(write.session()))) {
                        lost.add(write.session());
                    }
                }
                if (!lost.isEmpty()) {
                    return new AppendOutcome.Lost(lost);
                }
                AppendOutcome outcome = memory.append(batch);
                for (StoreWrite write : batch) {
                    note(write.session());
                }
                return outcome;
            }
        }

        private void note(SessionId session) {
            if (memory.session(session).isPresent()) {
                holders.put(session, this);
            } else {
                holders.remove(session);
            }
        }

        @Override
        public boolean expire(SessionId session, long idleSinceMillis) {
            expiries.incrementAndGet();
            reach();
            synchronized (SharedMemory.this) {
                Node holder = holders.get(session);
                boolean free = holder == null || equals(holder) || !holder.runs();
                if (free && !equals(holder)) {
                    renewals.requireFresh(renewals.newest());
                }
                boolean expired = free && memory.expire(session, idleSinceMillis);
                if (expired) {
                    holders.remove(session);
                }
                return expired;
            }
        }

        @Override
        public boolean renew() {
            reach();
            synchronized (SharedMemory.this) {
                boolean unbroken = runs() && renewedIn == epoch;
                begun = true;
                left = false;
                renewedIn = epoch;
                long now = nanoTime.getAsLong();
                runsUntilNanos = now + lease.toNanos();
                if (losesNextRenewal) {
                    losesNextRenewal = false;
                    throw new StoreException("the store did not answer", null);
                }
                renewals.answered(now);
                return unbroken;
            }
        }

        @Override
        public Duration lease() {
            return lease;
        }

        @Override
        public Duration switchOver() {
            return lease.dividedBy(2);
        }

        @Override
        public void leave() {
            reach();
            synchronized (SharedMemory.this) {
                begun = false;
                left = true;
            }
        }

        @Override
        public Claim claim(SessionId session, int seenIn) {
            claims.incrementAndGet();
            reach();
            synchronized (SharedMemory.this) {
                if (renewedIn != epoch || seenIn != epoch) {
                    throw new StoreException("the lease is to be renewed first", null);
                }
                if (memory.session(session).isEmpty()) {
                    return new Claim.Absent();
                }
                Node holder = holders.get(session);
                if (holder != null && !equals(holder) && holder.runs()) {
                    return new Claim.Elsewhere(holder.address);
                }
                if (!equals(holder)) {
                    renewals.requireFresh(renewals.newest());
                }
                holders.put(session, this);
                if (equals(holder)) {
                    return Claim.Held.BEFORE;
                }
                return holder != null && holder.left ? Claim.Held.HANDED_OVER : Claim.Held.TAKEN_OVER;
            }
        }

        @Override
        public Set<SessionId> lost(Collection<SessionId> sessions) {
            reach();
            synchronized (SharedMemory.this) {
                Set<SessionId> lost = new HashSet<>(sessions);
                lost.removeIf(session -> equals(holders.get(session)));
                return lost;
            }
        }

        @Override
        public Set<SessionId> heldByOthers(Collection<SessionId> sessions) {
            reach();
            synchronized (SharedMemory.this) {
                Set<SessionId> held = new HashSet<>(sessions);
                held.removeIf(session -> {
                    Node holder = holders.get(session);
                    return holder == null || equals(holder) || !holder.runs();
                });
                return held;
            }
        }

        @Override
        public String address() {
            return address;
        }

        @Override
        public List<String> others() {
            reach();
            synchronized (SharedMemory.this) {
                return nodes.stream()
                        .filter(node -> node != this && node.runs())
                        .map(node -> node.address)
                        .toList();
            }
        }

        @Override
        public List<SessionId> abandoned(int limit) {
            reach();
            List<SessionId> found = new ArrayList<>();
            synchronized (SharedMemory.this) {
                for (var session : memory.sessions(null, Integer.MAX_VALUE)) {
                    SessionId id = session.record().id();
                    Node holder = holders.get(id);
                    boolean free = holder == null || !holder.runs();
                    if (found.size() < limit
                            && free
                            && memory.streams(id).stream().anyMatch(Node::isOpen)) {
                        found.add(id);
                    }
                }
            }
            return found;
        }

        private static boolean isOpen(StoredStream stream) {
            return stream.record().phase() == Phase.OPEN;
        }

        @Override
        public int bootEpoch() {
            synchronized (SharedMemory.this) {
                return epoch;
            }
        }

        /** The memory stays, for the other nodes. */
        @Override
        public void close() {}
    }
}
