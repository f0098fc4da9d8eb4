package dev.shadowcat.gateway.relay;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.gateway.node.Holders;
import dev.shadowcat.gateway.node.Lease;
import dev.shadowcat.observe.Claimed;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.session.SessionManager;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.store.SharedStore.Claim;
import dev.shadowcat.store.StoreException;

/** Asks the store that nodes share whose a session is, and takes it where this node may. A reading thread. */
final class Claims implements SessionManager.Holding {
    private final SharedStore store;
    private final Lease lease;
    private final Holders seen;
    private final Observer observer;

    Claims(SharedStore store, Lease lease, Holders seen, Observer observer) {
        this.store = store;
        this.lease = lease;
        this.seen = seen;
        this.observer = observer;
    }

    /** {@inheritDoc} It may have waited for a thread since whoever asks looked at the lease: for as long as the store stood still. */
    @Override
    public Claim claim(SessionId session) {
        int epoch = store.bootEpoch();
        requireThatItTakes();
        Claim claim = claim(session, epoch);
        if (claim instanceof Claim.Absent) { // on another server its holder may be about to put it anew
            requireThatItTakes();
        }
        return claim;
    }

    private void requireThatItTakes() {
        String hindrance = lease.hindrance();
        if (hindrance != null) {
            throw new StoreException(hindrance, null);
        }
    }

    @Override
    public Claim claimAnew(SessionId session) {
        int epoch = store.bootEpoch();
        if (!lease.isOnThisStore()) {
            throw new StoreException(Lease.NOT_ON_THIS_STORE, null);
        }
        return claim(session, epoch);
    }

    /** What this node may in one epoch of the store it may not in the next: the claim may wait for longer than that takes. */
    private Claim claim(SessionId session, int epoch) {
        Claim claim = store.claim(session, epoch);
        seen.claimed(session, claim);
        observer.sessionClaimed(
                switch (claim) {
                    case Claim.Held.BEFORE -> Claimed.HELD;
                    case Claim.Held.TAKEN_OVER -> Claimed.TAKEN_OVER;
                    case Claim.Held.HANDED_OVER -> Claimed.HANDED_OVER;
                    case Claim.Elsewhere _ -> Claimed.ELSEWHERE;
                    case Claim.Absent _ -> Claimed.ABSENT;
                });
        return claim;
    }
}
