package dev.shadowcat.persist;

import dev.shadowcat.event.SpanIdentity;
import dev.shadowcat.observe.Dropped;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.Partition;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StreamRecord;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings one batch after another to the store, in order, until the fate of each write is known or it waits aside: what fails
 * for a time is sent again, what is refused is told apart from the rest. The worker's thread only.
 */
@SuppressWarnings("ReferenceEquality") // a list of writes is itself alone: the batch may be its own only segment
final class StoreWriter {
    private static final Logger log = LoggerFactory.getLogger(StoreWriter.class);

    /** Why a write was let go whose session this node does not hold. */
    static final String LOST = "another node holds the session";

    private final EventStore store;
    private final DeadLetters deadLetters;
    private final Observer observer;
    private final HeldPartitions held;
    private final StoreHealth health;
    private final Surroundings surroundings;

    private final ArrayDeque<List<PendingWrite>> segments =
            new ArrayDeque<>(); // of the batch, in order, without a fate yet
    private final List<StoreWrite> writes = new ArrayList<>(); // as the store sees them
    private final IdentityHashMap<StoreWrite, String> refusals = new IdentityHashMap<>();

    private final Set<StreamKey> unanswered =
            new HashSet<>(); // an answer was refused: no end before the error in its place

    /** What the worker does around a writer's tries. Its thread. */
    interface Surroundings {
        /** Waits before the next try, at least as long as the store asks for. */
        void pause(AppendOutcome.Busy busy) throws InterruptedException;

        /**
         * Adds to the end of what is sent again what has gathered meanwhile, within the bounds of a batch, and puts what is newer
         * in the place of what is older.
         */
        void join(List<PendingWrite> repeated);

        /** How long a call may take before it counts as stalled. */
        Duration stallAfter();

        /**
         * Something was stored.
         *
         * @param awaited whether anybody waits for some of it
         */
        void stored(boolean awaited);

        /** The store works again. */
        void recovered();
    }

    StoreWriter(
            EventStore store,
            DeadLetters deadLetters,
            Observer observer,
            HeldPartitions held,
            StoreHealth health,
            Surroundings surroundings) {
        this.store = store;
        this.deadLetters = deadLetters;
        this.observer = observer;
        this.held = held;
        this.health = health;
        this.surroundings = surroundings;
    }

    /** Why writes of the batch before were refused for good. */
    IdentityHashMap<StoreWrite, String> refusals() {
        return refusals;
    }

    /** Forgets the batch before, whose fate is told. */
    void clear() {
        writes.clear();
        refusals.clear();
    }

    /** Returns once the fate of every write of the batch is known; those that wait aside are taken out of it. */
    void store(List<PendingWrite> batch) throws InterruptedException {
        segments.addLast(batch);
        for (List<PendingWrite> next = segments.pollFirst(); next != null; next = segments.pollFirst()) {
            if (attempt(next) instanceof AppendOutcome.Busy busy) {
                if (!setAside(busy, batch)) {
                    waitFor(busy, batch);
                }
                observer.batchRetried();
            }
        }
    }

    /**
     * Tries a part of the store again with a batch of what waits for it.
     *
     * @return those whose fate is known now; the others wait again, before everything else
     */
    List<PendingWrite> retry(HeldPartition part, long batchBytes, int batchWrites) {
        List<PendingWrite> batch = part.take(batchBytes, batchWrites);
        AppendOutcome.Busy busy = null;
        observer.batchRetried();
        segments.addLast(batch);
        for (List<PendingWrite> next = segments.pollFirst(); next != null; next = segments.pollFirst()) {
            if (attempt(next) instanceof AppendOutcome.Busy failed) {
                busy = failed;
                List<PendingWrite> open = new ArrayList<>();
                segments.forEach(open::addAll);
                segments.clear();
                remove(open, batch);
                part.putBack(open);
                observer.batchFailed(failed.reason());
            }
        }
        held.tried(part, batch, busy);
        return batch;
    }

    /** One try. Where a fate is known it is noted, and what is left of the segment comes next. */
    private AppendOutcome attempt(List<PendingWrite> wanted) {
        List<PendingWrite> segment = unanswered.isEmpty() && refusals.isEmpty() ? wanted : withoutRefused(wanted);
        if (segment.isEmpty()) {
            return AppendOutcome.Stored.ALL;
        }
        AppendOutcome outcome = append(segment);
        switch (outcome) {
            case AppendOutcome.Stored _ -> {
                recovered();
                surroundings.stored(isAwaited(segment));
            }
            case AppendOutcome.Refused refused -> {
                recovered();
                isolate(segment, refused);
            }
            case AppendOutcome.Lost lost -> {
                recovered();
                letGo(segment, lost);
            }
            case AppendOutcome.Busy _ -> segments.addFirst(segment);
        }
        return outcome;
    }

    /** Leaves out the end of a stream that has yet to answer, which its writer offers again once it has. */
    private List<PendingWrite> withoutRefused(List<PendingWrite> segment) {
        List<PendingWrite> rest = new ArrayList<>(segment);
        for (PendingWrite pending : segment) {
            switch (pending.write()) {
                case StoreWrite.PutStream put
                when put.record().phase() != StreamRecord.Phase.OPEN && unanswered.remove(StreamKey.of(put)) ->
                    refusals.put(put, "an answer of the stream was refused");
                case StoreWrite.DeleteSession ended ->
                    unanswered.removeIf(stream -> stream.session().equals(ended.session()));
                default -> {}
            }
        }
        rest.removeIf(pending -> refusals.containsKey(pending.write()));
        return rest;
    }

    /** Whatever exception the store throws, it leaves the fate of the segment open. */
    private AppendOutcome append(List<PendingWrite> segment) {
        writes.clear();
        for (PendingWrite pending : segment) {
            writes.add(pending.write());
        }
        health.callBegins();
        AppendOutcome outcome;
        try {
            outcome = store.append(writes);
        } catch (StoreException failed) {
            outcome = new AppendOutcome.Busy(Duration.ZERO, String.valueOf(failed.getMessage()));
        } catch (RuntimeException broken) {
            outcome = new AppendOutcome.Busy(Duration.ZERO, broken.toString());
        }
        long took = health.callEnds(surroundings.stallAfter());
        if (outcome instanceof AppendOutcome.Stored) {
            observer.batchStored(writes.size(), events(writes), took);
        }
        if (observer.followsFlushes()) {
            tellFlushed(segment, outcome, took);
        }
        return outcome;
    }

    private void tellFlushed(List<PendingWrite> segment, AppendOutcome outcome, long took) {
        Set<SpanIdentity> requests = new LinkedHashSet<>();
        for (PendingWrite pending : segment) {
            SpanIdentity origin = pending.completion().origin();
            if (origin != null && pending.write() instanceof StoreWrite.AppendEvent) {
                requests.add(origin);
                if (requests.size() == Observer.MAX_FLUSHED_REQUESTS) {
                    break;
                }
            }
        }
        if (requests.isEmpty()) {
            return;
        }
        String failure = switch (outcome) {
            case AppendOutcome.Stored _ -> null;
            case AppendOutcome.Busy busy -> busy.reason();
            case AppendOutcome.Refused refused -> refused.reason();
            case AppendOutcome.Lost _ -> LOST;
        };
        observer.flushed(requests, segment.size(), took, failure);
    }

    /** Whether there is anything in it but activity. */
    private static boolean isAwaited(List<PendingWrite> segment) {
        for (PendingWrite pending : segment) {
            if (pending.lane() != null) {
                return true;
            }
        }
        return false;
    }

    private static int events(List<StoreWrite> list) {
        int events = 0;
        for (StoreWrite write : list) {
            if (write instanceof StoreWrite.AppendEvent) {
                events++;
            }
        }
        return events;
    }

    private void recovered() {
        if (health.works()) {
            log.info("The store takes writes again");
            surroundings.recovered();
        }
    }

    /** Where only a part of the store fails, its writes wait aside, the later ones of the batch included, and the rest goes on. */
    private boolean setAside(AppendOutcome.Busy busy, List<PendingWrite> batch) {
        if (busy.part() instanceof Partition.Whole) {
            return false;
        }
        List<PendingWrite> failing = new ArrayList<>();
        for (List<PendingWrite> segment : segments) {
            for (PendingWrite pending : segment) {
                if (busy.part().holds(pending.session())) {
                    failing.add(pending);
                }
            }
        }
        if (failing.isEmpty()) {
            return false; // what it names is not in the batch: nobody knows what fails
        }
        observer.batchFailed(busy.reason());
        recovered();
        remove(failing, batch);
        for (List<PendingWrite> segment : segments) {
            if (segment != batch) {
                remove(failing, segment);
            }
        }
        held.hold(busy, failing);
        return true;
    }

    private static void remove(List<PendingWrite> gone, List<PendingWrite> from) {
        Set<PendingWrite> identities = Collections.newSetFromMap(new IdentityHashMap<>());
        identities.addAll(gone);
        from.removeIf(identities::contains);
    }

    private void waitFor(AppendOutcome.Busy busy, List<PendingWrite> batch) throws InterruptedException {
        observer.batchFailed(busy.reason());
        if (health.failed(busy.reason())) {
            log.warn("The store does not take writes: {}. Holding them and trying again", busy.reason());
        }
        surroundings.pause(busy);
        List<PendingWrite> open = new ArrayList<>();
        segments.forEach(open::addAll);
        List<PendingWrite> before = List.copyOf(open);
        surroundings.join(open);
        IdentityHashMap<PendingWrite, PendingWrite> newer = new IdentityHashMap<>();
        for (int i = 0; i < before.size(); i++) {
            newer.put(before.get(i), open.get(i));
        }
        List<PendingWrite> joined = open.subList(before.size(), open.size());
        List<PendingWrite> last = segments.getLast();
        segments.forEach(segment -> segment.replaceAll(each -> newer.getOrDefault(each, each)));
        last.addAll(joined);
        if (last != batch) { // which holds what has its fate already besides
            batch.replaceAll(each -> newer.getOrDefault(each, each));
            batch.addAll(joined);
        }
    }

    /** Takes what the store refuses out of the rest: at once where the store names it, by halving where it does not. */
    private void isolate(List<PendingWrite> segment, AppendOutcome.Refused refused) {
        Set<StoreWrite> named = Collections.newSetFromMap(new IdentityHashMap<>());
        named.addAll(refused.writes());
        List<PendingWrite> rest = new ArrayList<>(segment);
        if (rest.removeIf(pending -> named.contains(pending.write()) && bury(pending, refused.reason()))) {
            push(rest);
        } else if (segment.size() == 1) {
            bury(segment.getFirst(), refused.reason());
        } else {
            int middle = segment.size() / 2;
            push(new ArrayList<>(segment.subList(middle, segment.size())));
            push(new ArrayList<>(segment.subList(0, middle)));
        }
    }

    /** What belongs to another node's session is that node's to bring about again: no dead letter, no count of the dropped. */
    private void letGo(List<PendingWrite> segment, AppendOutcome.Lost lost) {
        List<PendingWrite> rest = new ArrayList<>(segment);
        rest.removeIf(pending -> {
            boolean gone = lost.sessions().contains(pending.session());
            if (gone) {
                refusals.put(pending.write(), LOST);
            }
            return gone;
        });
        if (rest.size() == segment.size()) {
            throw new IllegalStateException("the store lost sessions to other nodes that are not in the batch");
        }
        push(rest);
    }

    private void push(List<PendingWrite> segment) {
        if (!segment.isEmpty()) {
            segments.addFirst(segment);
        }
    }

    /** Whether the end of a stream in this batch was left out already, for an answer before this one. */
    private boolean endRefused(StreamKey stream) {
        return refusals.keySet().stream()
                .anyMatch(write -> write instanceof StoreWrite.PutStream put
                        && StreamKey.of(put).equals(stream));
    }

    private boolean bury(PendingWrite poison, String reason) {
        refusals.put(poison.write(), reason);
        if (poison.write() instanceof StoreWrite.AppendEvent append
                && append.event().answer()
                && !endRefused(StreamKey.of(append))) {
            unanswered.add(StreamKey.of(append));
        }
        observer.dropped(Dropped.REFUSED, 1);
        deadLetters.keep(poison.write(), reason);
        return true;
    }
}
