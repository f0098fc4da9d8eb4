package dev.shadowcat.persist;

import dev.shadowcat.observe.Observer;
import dev.shadowcat.store.StoreWrite;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells those who wait what became of their writes: one task for each loop. The worker's thread only. */
final class Deliveries {
    private static final Logger log = LoggerFactory.getLogger(Deliveries.class);

    private static final IdentityHashMap<StoreWrite, String> NONE = new IdentityHashMap<>(); // never changed

    private final Intake intake;
    private final Observer observer;
    private final LongSupplier nanoTime;
    private final Map<Executor, List<PendingWrite>> byLoop = new LinkedHashMap<>();

    Deliveries(Intake intake, Observer observer, LongSupplier nanoTime) {
        this.intake = intake;
        this.observer = observer;
        this.nanoTime = nanoTime;
    }

    /**
     * Tells of writes in their order.
     *
     * @param refusals why some of them will never be stored; the others are
     */
    void tell(List<PendingWrite> writes, IdentityHashMap<StoreWrite, String> refusals) {
        long now = nanoTime.getAsLong();
        for (PendingWrite pending : writes) {
            if (pending.write() instanceof StoreWrite.AppendEvent && !refusals.containsKey(pending.write())) {
                observer.eventStored(now - pending.offeredNanos());
            }
            Lane lane = pending.lane();
            if (lane != null) {
                byLoop.computeIfAbsent(lane.executor(), _ -> new ArrayList<>()).add(pending);
            }
        }
        for (Map.Entry<Executor, List<PendingWrite>> each : byLoop.entrySet()) {
            List<PendingWrite> delivered = each.getValue();
            IdentityHashMap<StoreWrite, String> refused = refusals.isEmpty() ? NONE : new IdentityHashMap<>(refusals);
            try {
                each.getKey().execute(() -> complete(delivered, refused));
            } catch (RejectedExecutionException ended) {
                log.debug("The loop of {} stored writes has ended: nobody is left to tell", delivered.size());
            }
        }
        byLoop.clear();
    }

    void refused(List<PendingWrite> writes, String reason) {
        IdentityHashMap<StoreWrite, String> refusals = new IdentityHashMap<>();
        writes.forEach(pending -> refusals.put(pending.write(), reason));
        tell(writes, refusals);
    }

    /** Tells each its fate; one that fails to take it takes it from nobody else. The lanes' executor. */
    private void complete(List<PendingWrite> delivered, IdentityHashMap<StoreWrite, String> refused) {
        for (PendingWrite pending : delivered) {
            Lane lane = pending.lane();
            if (lane != null && StoreWriter.LOST.equals(refused.get(pending.write()))) {
                tellLost(lane);
            }
        }
        for (PendingWrite pending : delivered) {
            try {
                complete(pending, refused.get(pending.write()));
            } catch (RuntimeException broken) {
                log.error(
                        "A completion failed for a write of session {}",
                        pending.session().shortened(),
                        broken);
            }
        }
        for (Lane lane : intake.settle(delivered)) {
            lane.listener().settled();
        }
    }

    private static void tellLost(Lane lane) {
        try {
            lane.listener().lost();
        } catch (RuntimeException broken) {
            log.error("A session that another node holds could not be let go", broken);
        }
    }

    private static void complete(PendingWrite pending, @Nullable String refusal) {
        if (refusal == null) {
            pending.completion().stored(pending.write());
        } else {
            pending.completion().refused(pending.write(), refusal);
        }
    }
}
