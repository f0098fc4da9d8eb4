package dev.shadowcat.gateway.config;

import static dev.shadowcat.gateway.config.SettingException.check;

import java.nio.file.Path;
import java.time.Duration;

/**
 * Where sessions and events are kept.
 *
 * @param kind which store was asked for; {@link #inMemory()} says which one is meant
 * @param data folder of the embedded store
 * @param durability when an event counts as stored
 * @param holdFor how long a new session waits for a failing store before its 503
 * @param memoryBytes bound of the memory store
 */
public record StoreSettings(StoreKind kind, Path data, Durability durability, Duration holdFor, long memoryBytes) {
    public StoreSettings {
        check(
                kind != StoreKind.MEMORY || durability != Durability.SYNC,
                Keys.DURABILITY.name(),
                "must be batched or none where store is memory, but was sync");
    }

    static StoreSettings from(Values values) {
        return new StoreSettings(
                values.get(Keys.STORE),
                values.get(Keys.DATA).toAbsolutePath().normalize(),
                values.get(Keys.DURABILITY),
                values.get(Keys.HOLD_FOR),
                values.get(Keys.MEMORY_BYTES));
    }

    /** Whether nothing is to be kept on disk: that is what durability none means, whatever the store. */
    public boolean inMemory() {
        return kind == StoreKind.MEMORY || durability == Durability.NONE;
    }
}
