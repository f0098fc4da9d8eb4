package dev.shadowcat.store.redis;

import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.NodeIdentity;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.testkit.SharedStoreHome;
import dev.shadowcat.testkit.StoreHome;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** Names of keys that no other test uses, in a Redis that all tests of a class share. */
final class RedisHome implements StoreHome, SharedStoreHome {
    private static final AtomicInteger homes = new AtomicInteger();
    private static final NodeIdentity ONLY = new NodeIdentity("only-node", "");

    private final RedisUrl url;
    private final RedisSettings settings;

    RedisHome(String url) {
        this.url = RedisUrl.parse(url);
        this.settings = RedisSettings.DEFAULTS.withPrefix("home-" + homes.incrementAndGet());
    }

    /** As the same node each time: the contract of one node does not say that it claims what it held before. */
    @Override
    public EventStore open() {
        return RedisStores.open(url, settings, ONLY);
    }

    @Override
    public SharedStore open(NodeIdentity node, Duration lease) {
        return RedisStores.open(url, settings.withLease(lease), node);
    }

    @Override
    public boolean remembers() {
        return true;
    }

    /** The data goes with the server, after the last test of the class. */
    @Override
    public void close() {}
}
