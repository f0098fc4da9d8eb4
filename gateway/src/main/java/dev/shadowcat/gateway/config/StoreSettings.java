package dev.shadowcat.gateway.config;

import static dev.shadowcat.gateway.config.SettingException.check;

import dev.shadowcat.persist.StoreFailureSettings;
import java.nio.file.Path;

/**
 * Where sessions and events are kept.
 *
 * @param kind which store was asked for; {@link #inMemory()} says which one is meant
 * @param data folder of the embedded store
 * @param durability when an event counts as stored
 * @param failure what becomes of events while the store fails, and for how long a new session waits before its 503
 * @param memoryBytes bound of the memory store
 */
public record StoreSettings(
        StoreKind kind, Path data, Durability durability, StoreFailureSettings failure, long memoryBytes) {
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
                new StoreFailureSettings(
                        values.get(Keys.STORE_STALL), values.get(Keys.ON_STORE_FAILURE), values.get(Keys.HOLD_FOR)),
                values.get(Keys.MEMORY_BYTES));
    }

    /** The same in another folder. */
    public StoreSettings withData(Path folder) {
        return new StoreSettings(kind, folder, durability, failure, memoryBytes);
    }

    /** Whether nothing is to be kept on disk: that is what durability none means, whatever the store. */
    public boolean inMemory() {
        return kind == StoreKind.MEMORY || durability == Durability.NONE;
    }
}
