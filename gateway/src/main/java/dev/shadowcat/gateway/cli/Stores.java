package dev.shadowcat.gateway.cli;

import dev.shadowcat.gateway.config.Durability;
import dev.shadowcat.gateway.config.HostPort;
import dev.shadowcat.gateway.config.StoreSettings;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.MemoryStore;
import dev.shadowcat.store.NodeIdentity;
import dev.shadowcat.store.postgres.PostgresSettings;
import dev.shadowcat.store.postgres.PostgresStores;
import dev.shadowcat.store.postgres.PostgresUrl;
import dev.shadowcat.store.redis.RedisSettings;
import dev.shadowcat.store.redis.RedisStores;
import dev.shadowcat.store.redis.RedisUrl;
import dev.shadowcat.store.rocksdb.RocksDbSettings;
import dev.shadowcat.store.rocksdb.RocksDbStores;
import java.util.Locale;
import java.util.Map;

/**
 * Opens the store that settings name. Of the drivers, none is loaded but that store's own, since the first client waits for each
 * class.
 */
final class Stores {
    private Stores() {}

    /**
     * Opens it for one gateway.
     *
     * @param node as which it uses a store that others share
     * @param environment may hold a password
     */
    static EventStore open(StoreSettings settings, NodeIdentity node, Map<String, String> environment) {
        if (settings.inMemory()) {
            return new MemoryStore(settings.memoryBytes());
        }
        return switch (settings.choice().kind()) {
            case MEMORY -> throw new AssertionError("handled above");
            case ROCKSDB -> openEmbedded(settings);
            case POSTGRESQL ->
                PostgresStores.open(
                        postgres(settings.choice().url(), environment),
                        PostgresSettings.DEFAULTS.withLease(settings.lease()),
                        node);
            case REDIS ->
                RedisStores.open(
                        redis(settings.choice().url(), environment),
                        RedisSettings.DEFAULTS.withEviction(settings.eviction()).withLease(settings.lease()),
                        node);
        };
    }

    private static EventStore openEmbedded(StoreSettings settings) {
        boolean sync = settings.durability() == Durability.SYNC;
        return RocksDbStores.open(
                settings.data(),
                RocksDbSettings.of(sync ? RocksDbSettings.Durability.SYNC : RocksDbSettings.Durability.BATCHED)
                        .withNativeMemory(settings.blockCacheBytes(), settings.writeBufferBytes()));
    }

    /** Whether a shared store was made already; throws where a gateway could not open it. */
    static boolean exists(StoreSettings settings, Map<String, String> environment) {
        String url = settings.choice().url();
        return RedisUrl.isOne(url)
                ? RedisStores.exists(redis(url, environment), RedisSettings.DEFAULTS.withEviction(settings.eviction()))
                : PostgresStores.exists(postgres(url, environment), PostgresSettings.DEFAULTS);
    }

    /**
     * Where a gateway keeps events, for people.
     *
     * @param node where other nodes reach it, if it shares its store
     */
    static String shown(StoreSettings settings, HostPort node) {
        if (settings.inMemory()) {
            return "memory: a restart forgets sessions";
        }
        if (!settings.choice().kind().shared()) {
            return settings.data() + ", " + settings.durability().name().toLowerCase(Locale.ROOT);
        }
        return shown(settings.choice().url()) + ", as node " + node;
    }

    /** A shared store's URL for people, without its password. */
    static String shown(String url) {
        return RedisUrl.isOne(url)
                ? RedisUrl.parse(url).toString()
                : PostgresUrl.parse(url).toString();
    }

    /** Opens a shared store for a look. */
    static EventStore openReadOnly(String url, Map<String, String> environment) {
        return RedisUrl.isOne(url)
                ? RedisStores.openReadOnly(redis(url, environment), RedisSettings.DEFAULTS)
                : PostgresStores.openReadOnly(postgres(url, environment), PostgresSettings.DEFAULTS);
    }

    private static RedisUrl redis(String url, Map<String, String> environment) {
        return RedisUrl.parse(url).withPasswordOf(environment);
    }

    private static PostgresUrl postgres(String url, Map<String, String> environment) {
        return PostgresUrl.parse(url).withPasswordOf(environment);
    }
}
