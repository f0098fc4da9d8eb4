package dev.shadowcat.persist;

import java.time.Duration;

/**
 * What to do about a store that fails or does not return.
 *
 * @param stallAfter how long a call of the store may take before it counts as stalled
 * @param onFailure what becomes of events while the store takes none
 * @param holdFor how long they wait in any case
 */
public record StoreFailureSettings(Duration stallAfter, OnStoreFailure onFailure, Duration holdFor) {
    public static final StoreFailureSettings DEFAULTS =
            new StoreFailureSettings(Duration.ofSeconds(5), OnStoreFailure.HOLD, Duration.ofSeconds(5));

    public StoreFailureSettings {
        require(stallAfter.toMillis() >= 1, "store-stall", "at least 1 ms", stallAfter);
        require(!holdFor.isNegative(), "hold-for", "at least 0", holdFor);
    }

    /** Here and not in {@link PersistenceSettings}, whose defaults hold this class's: neither may wait for the other to be initialized. */
    static void require(boolean holds, String key, String rule, Object value) {
        if (!holds) {
            throw new IllegalArgumentException(key + ": must be " + rule + ", but was " + value);
        }
    }
}
