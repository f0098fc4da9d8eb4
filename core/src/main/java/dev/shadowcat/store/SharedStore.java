package dev.shadowcat.store;

import dev.shadowcat.event.SessionId;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * A store that several nodes share. Each session has one holder at most, and only its holder's writes to it are taken: whoever
 * puts a session first holds it, and others take it once its holder's lease has run out. A batch with writes to a session that
 * another node holds, or nobody, is {@link AppendOutcome.Lost}; so a node that was paused and wakes up writes nothing.
 *
 * <p>Where the store may have lost writes that it had acknowledged, {@link #bootEpoch} rises, and no session has a holder any
 * more until it is claimed anew. Who held one claims it at once, and puts anew what the store lacks of it; others leave it time
 * for that.
 *
 * <p>A store is opened as one node: a random incarnation, made anew at each start, and the address at which others reach it.
 */
public interface SharedStore extends EventStore {
    /**
     * Begins this node's lease, and renews it, by the store's clock.
     *
     * @return whether it is without a break since the call before; false at the first call, and where it had run out, so that
     *     others may have taken sessions
     */
    boolean renew();

    /** How long a lease runs without being renewed. */
    default Duration lease() {
        return Duration.ofSeconds(2);
    }

    /**
     * How long after others a node may find the server that took another's place, while it waits for the one that is gone; none where no
     * other ever does.
     */
    default Duration switchOver() {
        return Duration.ZERO;
    }

    /** Ends the lease, so that others may take this node's sessions at once. */
    void leave();

    /**
     * Takes a session for this node unless a node whose lease runs holds it. Of two nodes that try, one gets it. Called only where
     * this node has no write of the session under way: one from the time before would pass.
     *
     * <p>That a lease has run out counts only where the store says so shortly after a renewal of this node's own, which was answered
     * before this was called: where the store stood still, or nobody could reach it, all leases have run out at once ({@link Renewals}).
     *
     * @param epoch the {@link #bootEpoch} in which this node may take it
     * @throws StoreException if the store cannot be asked now, nobody's lease runs and it has to be asked again after a renewal, or
     *     {@link #bootEpoch} has risen since, or since this node renewed its lease
     */
    Claim claim(SessionId session, int epoch);

    /** The same in the epoch that is now. */
    default Claim claim(SessionId session) {
        return claim(session, bootEpoch());
    }

    /**
     * {@inheritDoc}
     *
     * <p>Only its holder expires a session while the holder's lease runs, and anyone after that: what a node keeps in memory does
     * not vanish from under it. False where another node's lease forbids it.
     *
     * @throws StoreException as {@link #claim} does
     */
    @Override
    boolean expire(SessionId session, long idleSinceMillis);

    /** Those of these sessions that this node does not hold. */
    Set<SessionId> lost(Collection<SessionId> sessions);

    /** Those of these sessions that other nodes hold whose leases run. */
    Set<SessionId> heldByOthers(Collection<SessionId> sessions);

    /** Where others reach this node, as it was opened. */
    String address();

    /** Addresses of the other nodes whose leases run, in any order; that of this one too, where another gave the same. */
    List<String> others();

    /** Sessions with a stream that is open, and with no holder whose lease runs; at most {@code limit}, in any order. */
    List<SessionId> abandoned(int limit);

    /** Who holds a session. */
    sealed interface Claim {
        /** This node does. */
        enum Held implements Claim {
            /** As it did before. */
            BEFORE,
            /** Since now: nobody did, or whoever did has no lease any more. */
            TAKEN_OVER,
            /** Since now: whoever did gave its lease back. */
            HANDED_OVER
        }

        /**
         * Another node does, and its lease runs.
         *
         * @param address of the node, as it gave it
         */
        record Elsewhere(String address) implements Claim {}

        /** There is no such session. */
        record Absent() implements Claim {}
    }
}
