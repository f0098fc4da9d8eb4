package dev.shadowcat.gateway.relay;

import dev.shadowcat.session.SessionLoop;
import dev.shadowcat.session.StoreReader;
import dev.shadowcat.store.SharedStore;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks, a while after this node's start, whether another one is to be reached at the address of this one too: of two that are set so,
 * the second tells. Not sooner, since the lease of the node that was here before it may run yet, after a kill, or whose address was given
 * to another machine: one that was renewed since then is of a node that runs. On its loop.
 */
final class AddressWatch {
    private static final Logger log = LoggerFactory.getLogger(AddressWatch.class);
    private static final int LEASES = 2;

    private final SharedStore store;
    private final StoreReader reader;
    private final SessionLoop loop;

    AddressWatch(SharedStore store, StoreReader reader, SessionLoop loop) {
        this.store = store;
        this.reader = reader;
        this.loop = loop;
    }

    /** Looks once; where the store cannot be read then, again. After this node's lease has begun. */
    void start() {
        loop.after(store.lease().multipliedBy(LEASES).toMillis(), this::look);
    }

    private void look() {
        reader.read(loop, store::others, this::looked, unreadable -> start());
    }

    private void looked(List<String> others) {
        if (others.contains(store.address())) {
            log.error(
                    "Another gateway that shares the store runs with the node-address of this one, {}: what is sent on to"
                            + " one of them reaches the other, and clients get 503 for its sessions. Give each its own",
                    store.address());
        }
    }
}
