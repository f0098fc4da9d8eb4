package dev.shadowcat.store.redis;

import dev.shadowcat.testkit.EventStoreContract;
import dev.shadowcat.testkit.StoreHome;

class RedisStoreTest extends EventStoreContract {
    @Override
    protected StoreHome newHome() throws Exception {
        return new RedisHome(SharedRedis.url());
    }
}
