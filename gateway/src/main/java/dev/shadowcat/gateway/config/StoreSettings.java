package dev.shadowcat.gateway.config;

import static dev.shadowcat.gateway.config.SettingException.check;

import dev.shadowcat.persist.StoreFailureSettings;
import dev.shadowcat.store.redis.RedisSettings;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Where sessions and events are kept.
 *
 * @param choice which store was asked for; {@link #inMemory()} says which one is meant
 * @param nodeAddress where others that share the store reach this gateway; null: where it listens
 * @param lease how long this gateway holds its sessions without renewing, where others share the store
 * @param data folder of the embedded store, and of the gateway's own files whatever its store is
 * @param durability when an event counts as stored
 * @param failure what becomes of events while the store fails, and for how long a new session waits before its 503
 * @param memoryBytes bound of the memory store
 * @param blockCacheBytes native memory of the embedded store for what it read
 * @param writeBufferBytes native memory of the embedded store for what it is about to write
 * @param eviction what becomes of a Redis that may throw away what is stored
 */
public record StoreSettings(
        StoreChoice choice,
        @Nullable HostPort nodeAddress,
        Duration lease,
        Path data,
        Durability durability,
        StoreFailureSettings failure,
        long memoryBytes,
        long blockCacheBytes,
        long writeBufferBytes,
        RedisSettings.Eviction eviction) {
    public StoreSettings {
        check(
                nodeAddress == null || URI.create("http://" + nodeAddress).getHost() != null,
                Keys.NODE_ADDRESS.name(),
                "must name a host as URLs do (letters, digits, - and .), but was " + nodeAddress);
        check(
                choice.kind() != StoreKind.MEMORY || durability != Durability.SYNC,
                Keys.DURABILITY.name(),
                "must be batched or none where store is memory, but was sync");
        check(
                !choice.kind().shared() || durability != Durability.NONE,
                Keys.DURABILITY.name(),
                "must be batched or sync where store is a URL, but was none");
    }

    static StoreSettings from(Values values) {
        return new StoreSettings(
                values.get(Keys.STORE),
                values.get(Keys.NODE_ADDRESS).orElse(null),
                values.get(Keys.LEASE),
                values.get(Keys.DATA).toAbsolutePath().normalize(),
                values.get(Keys.DURABILITY),
                new StoreFailureSettings(
                        values.get(Keys.STORE_STALL), values.get(Keys.ON_STORE_FAILURE), values.get(Keys.HOLD_FOR)),
                values.get(Keys.MEMORY_BYTES),
                values.get(Keys.ROCKSDB_BLOCK_CACHE),
                values.get(Keys.ROCKSDB_WRITE_BUFFERS),
                values.get(Keys.REDIS_EVICTION));
    }

    /** The same in another folder. */
    public StoreSettings withData(Path folder) {
        return new StoreSettings(
                choice,
                nodeAddress,
                lease,
                folder,
                durability,
                failure,
                memoryBytes,
                blockCacheBytes,
                writeBufferBytes,
                eviction);
    }

    /** Whether nothing is to be kept on disk: that is what durability none means, whatever the store. */
    public boolean inMemory() {
        return choice.kind() == StoreKind.MEMORY || durability == Durability.NONE;
    }
}
