package dev.shadowcat.store.redis;

import dev.shadowcat.testkit.EventStoreContract;
import dev.shadowcat.testkit.StoreHome;

/** The contract, with each session on another server than the next. */
class RedisClusterStoreTest extends EventStoreContract {
    @Override
    protected StoreHome newHome() throws Exception {
        return new RedisHome(SharedRedis.clusterUrl());
    }
}
