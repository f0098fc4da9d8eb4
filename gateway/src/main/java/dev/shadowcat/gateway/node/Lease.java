package dev.shadowcat.gateway.node;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.store.StoreException;
import java.time.Duration;
import java.util.Collection;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's lease on the sessions that it holds: renewed on a thread of its own, four times in its length. Where it has run
 * out, others may have taken sessions, which are let go here before it counts as running again.
 */
public final class Lease {
    private static final Logger log = LoggerFactory.getLogger(Lease.class);
    private static final int RENEWALS = 4;

    /** What stands in the way where it {@link #isOnThisStore is not}, for people. */
    public static final String NOT_ON_THIS_STORE =
            "another server took the place of the store's, and the lease of this node is yet to be renewed there";

    private final SharedStore store;
    private final Sessions sessions;
    private final Duration length;
    private final LongSupplier nanoTime;
    private final Thread renewing;
    private volatile long runsUntilNanos;
    private volatile long settlesUntilNanos;
    private volatile int epoch; // the store's, at the last renewal, after which all that was lost was let go
    private boolean begun; // the renewing thread's, and its starter's before
    private boolean broken; // likewise: others may have taken sessions, and it is not known which
    private volatile @Nullable String failure; // of the newest renewal
    private volatile boolean closed;
    private volatile boolean left;

    /** The sessions that this node has in memory, or on their way there. Any thread. */
    public interface Sessions {
        Collection<SessionId> claimed();

        /** Another node holds it now. */
        void lost(SessionId session);

        /** The lease runs again after the store could not be reached, or another took its place. */
        default void goOn() {}
    }

    public Lease(SharedStore store, Sessions sessions) {
        this(store, sessions, System::nanoTime);
    }

    Lease(SharedStore store, Sessions sessions, LongSupplier nanoTime) {
        this.store = store;
        this.sessions = sessions;
        this.length = store.lease();
        this.nanoTime = nanoTime;
        this.runsUntilNanos = nanoTime.getAsLong();
        this.settlesUntilNanos = runsUntilNanos;
        this.renewing = Thread.ofPlatform().name("shadowcat-lease").daemon().unstarted(this::renewAgainAndAgain);
    }

    /**
     * Begins it. Blocks.
     *
     * @throws StoreException if the store cannot be reached
     */
    public void start() {
        renew();
        renewing.start();
    }

    /** Whether it runs, by this node's clock, which started before the store's. Any thread. */
    public boolean runs() {
        return nanoTime.getAsLong() - runsUntilNanos < 0;
    }

    /**
     * Whether this node may take sessions. Not for the length of a lease after its own had run out, or nearly, or a renewal had failed,
     * perhaps since nobody could reach the store: then leases of others have run out, and all that they hold seems to be free until
     * theirs are renewed. Nor after another store took the place of this one, which may lack what holders are about to put anew: then for
     * as much longer as they may take to find it.
     */
    public boolean takes() {
        return hindrance() == null;
    }

    /** Why this node may take no sessions now, for people; null where it may. Any thread. */
    public @Nullable String hindrance() {
        String failed = failure;
        if (!runs()) {
            return "the lease of this node has run out" + (failed == null ? "" : ", and is not renewed: " + failed);
        }
        if (failed != null) {
            return "the lease of this node cannot be renewed: " + failed;
        }
        if (!isOnThisStore()) {
            return NOT_ON_THIS_STORE;
        }
        return nanoTime.getAsLong() - settlesUntilNanos < 0
                ? "the lease of this node was renewed late or is new on this store, and others renew theirs first"
                : null;
    }

    /**
     * Whether all that this node held is let go that another store took from it by taking the place of its own; what it took anew
     * before that, it would let go of again. Any thread.
     */
    public boolean isOnThisStore() {
        return store.bootEpoch() == epoch;
    }

    /** Why the newest renewal failed, for people; null where it did not. Any thread. */
    public @Nullable String failure() {
        return failure;
    }

    /** How long others wait at the most for what a node held that is gone. */
    public Duration length() {
        return length;
    }

    private void renewAgainAndAgain() {
        while (!closed) {
            try {
                Thread.sleep(length.dividedBy(RENEWALS));
                renew();
                if (failure != null) {
                    failure = null;
                    log.info("The lease of this node is renewed again");
                }
            } catch (InterruptedException _) {
                return;
            } catch (RuntimeException failed) {
                boolean first = failure == null;
                failure = String.valueOf(failed instanceof StoreException ? failed.getMessage() : failed);
                if (first && !closed) {
                    log.warn("The lease of this node cannot be renewed: {}. Trying again", failure);
                }
            }
        }
    }

    private void renew() {
        long before = nanoTime.getAsLong();
        // The store says of each break once; an earlier answer may have been lost.
        broken |= begun && !runs();
        broken |= !store.renew();
        long answered = nanoTime.getAsLong();
        boolean late = answered - runsUntilNanos > -length.toNanos() / RENEWALS;
        int renewedIn = store.bootEpoch();
        if (begun && (broken || late || failure != null)) {
            settle(answered, renewedIn);
        }
        boolean interrupted = begun && (broken || failure != null);
        if (broken) {
            Set<SessionId> lost = store.lost(sessions.claimed());
            lost.forEach(sessions::lost);
            if (begun && !lost.isEmpty()) {
                log.warn(
                        "The lease of this node was broken: {}. It lets go of {} sessions, which go on where they are asked for",
                        renewedIn == epoch
                                ? "for longer than " + length.toMillis()
                                        + " ms it stood still or could not reach the store"
                                : "another server took the place of the store's",
                        lost.size());
            }
            broken = false;
        }
        epoch = renewedIn;
        begun = true;
        runsUntilNanos = before + length.toNanos();
        if (interrupted) {
            sessions.goOn();
        }
    }

    /** Until then the store may have stood still for all, and others may wait for a server that is gone. */
    private void settle(long fromNanos, int renewedIn) {
        Duration time = renewedIn == epoch ? length : length.plus(store.switchOver());
        long until = fromNanos + time.toNanos();
        if (until - settlesUntilNanos > 0) {
            settlesUntilNanos = until;
        }
    }

    /**
     * Lets others take at once what this node held. After the last write.
     *
     * @param time after which it is left to run out by itself
     * @return whether the store has it back
     */
    public boolean close(Duration time) {
        closed = true;
        renewing.interrupt();
        runsUntilNanos = nanoTime.getAsLong();
        Thread leaving =
                Thread.ofPlatform().daemon().name("shadowcat-lease-end").start(this::leave);
        try {
            leaving.join(time);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        return left;
    }

    private void leave() {
        try {
            renewing.join();
            store.leave();
            left = true;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (StoreException failed) {
            log.warn("The lease of this node could not be given back, and runs out by itself: {}", failed.getMessage());
        }
    }
}
