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
        PersistenceSettings.require(stallAfter.toMillis() >= 1, "store-stall", "at least 1 ms", stallAfter);
        PersistenceSettings.require(!holdFor.isNegative(), "hold-for", "at least 0", holdFor);
    }
}
