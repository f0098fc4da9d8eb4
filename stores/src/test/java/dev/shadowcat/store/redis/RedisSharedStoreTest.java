package dev.shadowcat.store.redis;

import dev.shadowcat.testkit.SharedStoreContract;
import dev.shadowcat.testkit.SharedStoreHome;

class RedisSharedStoreTest extends SharedStoreContract {
    @Override
    protected SharedStoreHome newSharedHome() throws Exception {
        return new RedisHome(SharedRedis.url());
    }
}
