package dev.shadowcat.persist;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.StoreWrite;
import java.util.Iterator;
import java.util.List;
import java.util.ListIterator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Activity updates that nobody waits for: the newest of each session, until there are enough of them or they are due. */
final class DeferredWrites {
    private final Map<SessionId, SessionActivity> newest = new ConcurrentHashMap<>();
    private final Map<SessionId, SessionActivity> flushed = new ConcurrentHashMap<>(); // whose fate is not known yet
    private final Supplier<PersistenceSettings> settings;
    private final Observer observer;
    private final LongSupplier nanoTime;
    private final AtomicBoolean sleeping = new AtomicBoolean(); // the worker, with regard to nothing of this
    private volatile long firstNanos;
    private volatile long flushedNanos;

    DeferredWrites(Supplier<PersistenceSettings> settings, Observer observer, LongSupplier nanoTime) {
        this.settings = settings;
        this.observer = observer;
        this.nanoTime = nanoTime;
        this.flushedNanos = nanoTime.getAsLong() - intervalNanos();
    }

    /** What became of an update. */
    enum Offered {
        /** It waits, and the worker should be woken for it: it is the first since a flush, or there are enough. */
        WAKING,
        /** It waits. */
        WAITING,
        /** Too many wait, and none of its session: it is forgotten. */
        SKIPPED
    }

    /** Takes an update, unless too many wait. */
    Offered offer(SessionId session, SessionActivity activity) {
        int before = newest.size();
        if (before >= settings.get().queueCapacity() && !newest.containsKey(session)) {
            return skip();
        }
        observer.activityUpdated();
        if (newest.put(session, activity) != null) {
            observer.activityCoalesced();
            return Offered.WAITING;
        }
        // The count is from before the put: what was there may have been flushed meanwhile, and the worker have gone to
        // sleep.
        boolean first = sleeping.compareAndSet(true, false) || before == 0;
        if (first) {
            firstNanos = nanoTime.getAsLong();
        }
        boolean wake = first || (before + 1 >= settings.get().deferredEntries() && enough(before + 1));
        return wake ? Offered.WAKING : Offered.WAITING;
    }

    /** Takes no update. */
    Offered skip() {
        observer.activityUpdated();
        observer.activitySkipped();
        return Offered.SKIPPED;
    }

    /**
     * Whether so many are enough for a flush before the interval is over. Not within an interval of the last flush: else many
     * busy sessions would be written over and over, where waiting coalesces. Half of what may wait is enough in any case.
     */
    private boolean enough(int waiting) {
        return waiting >= settings.get().deferredEntries()
                && (nanoTime.getAsLong() - flushedNanos >= intervalNanos()
                        || waiting
                                >= Math.max(
                                        settings.get().deferredEntries(),
                                        settings.get().queueCapacity() / 2));
    }

    private long intervalNanos() {
        return settings.get().deferredInterval().toNanos();
    }

    void discard(SessionId session) {
        newest.remove(session);
        flushed.remove(session);
    }

    /** What was offered of a session last, if the store may not have it yet. Any thread. */
    @Nullable
    SessionActivity pending(SessionId session) {
        SessionActivity waiting = newest.get(session);
        return waiting != null ? waiting : flushed.get(session);
    }

    /** The fate of a flushed update is known, or another one has taken its place. */
    void settled(PendingWrite write) {
        if (write.write() instanceof StoreWrite.TouchSession touch) {
            flushed.remove(touch.session(), touch.activity());
        }
    }

    /** Takes an update out, which can be seen all the while; false where a newer one came. */
    private boolean take(SessionId session, SessionActivity activity) {
        flushed.put(session, activity);
        if (newest.remove(session, activity)) {
            return true;
        }
        flushed.remove(session, activity);
        return false;
    }

    int size() {
        return newest.size();
    }

    boolean due() {
        int waiting = newest.size();
        return waiting > 0 && (enough(waiting) || nanoTime.getAsLong() - firstNanos >= intervalNanos());
    }

    /** How long the worker may sleep with regard to these, in nanoseconds. */
    long nanosUntilDue() {
        if (newest.isEmpty()) {
            sleeping.set(true); // then looks again: whoever came in between has not seen it
        }
        int waiting = newest.size();
        if (waiting == 0) {
            return Long.MAX_VALUE;
        }
        if (enough(waiting)) {
            return 0;
        }
        long since = waiting >= settings.get().deferredEntries() ? flushedNanos : firstNanos;
        return Math.max(0, intervalNanos() - (nanoTime.getAsLong() - since));
    }

    void drain(List<PendingWrite> into) {
        long now = nanoTime.getAsLong();
        long waited = now - firstNanos;
        int before = into.size();
        firstNanos = now;
        flushedNanos = now;
        for (Iterator<Map.Entry<SessionId, SessionActivity>> each =
                        newest.entrySet().iterator();
                each.hasNext(); ) {
            Map.Entry<SessionId, SessionActivity> entry = each.next();
            if (take(entry.getKey(), entry.getValue())) {
                into.add(PendingWrite.deferred(new StoreWrite.TouchSession(entry.getKey(), entry.getValue()), now));
            }
        }
        observer.activityFlushed(into.size() - before, waited);
    }

    /** Puts newer updates in the place of those in a batch that has to be sent again. */
    void supersede(List<PendingWrite> repeated) {
        for (ListIterator<PendingWrite> each = repeated.listIterator(); each.hasNext(); ) {
            PendingWrite write = each.next();
            if (write.lane() == null) {
                SessionActivity newer = newest.get(write.session());
                if (newer != null && take(write.session(), newer)) {
                    observer.activityCoalesced();
                    each.set(PendingWrite.deferred(
                            new StoreWrite.TouchSession(write.session(), newer), write.offeredNanos()));
                }
            }
        }
    }
}
