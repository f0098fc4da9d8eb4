package dev.shadowcat.gateway.node;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.store.StoreException;
import java.time.Duration;
import java.util.Collection;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's lease on the sessions that it holds: renewed on a thread of its own, four times in its length. Where it has run
 * out, others may have taken sessions, which are let go here before it counts as running again.
 */
public final class Lease implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Lease.class);
    private static final int RENEWALS = 4;

    private final SharedStore store;
    private final Sessions sessions;
    private final Duration length;
    private final LongSupplier nanoTime;
    private final Thread renewing;
    private volatile long runsUntilNanos;
    private volatile boolean failing;
    private volatile boolean closed;

    /** The sessions that this node has in memory. Any thread. */
    public interface Sessions {
        Collection<SessionId> inMemory();

        /** Another node holds it now. */
        void lost(SessionId session);
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

    /** How long others wait at the most for what a node held that is gone. */
    public Duration length() {
        return length;
    }

    private void renewAgainAndAgain() {
        while (!closed) {
            try {
                Thread.sleep(length.dividedBy(RENEWALS));
                renew();
                if (failing) {
                    failing = false;
                    log.info("The lease of this node is renewed again");
                }
            } catch (StoreException | IllegalStateException failed) {
                if (!failing) {
                    failing = true;
                    log.warn("The lease of this node cannot be renewed: {}. Trying again", failed.getMessage());
                }
            } catch (InterruptedException _) {
                return;
            }
        }
    }

    private void renew() {
        long before = nanoTime.getAsLong();
        boolean unbroken = store.renew();
        if (!unbroken) {
            store.lost(sessions.inMemory()).forEach(sessions::lost);
        }
        runsUntilNanos = before + length.toNanos();
    }

    /** Lets others take at once what this node held. After the last write. */
    @Override
    public void close() {
        closed = true;
        renewing.interrupt();
        runsUntilNanos = nanoTime.getAsLong();
        try {
            renewing.join();
            store.leave();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (StoreException failed) {
            log.warn("The lease of this node could not be given back, and runs out by itself: {}", failed.getMessage());
        }
    }
}
