package dev.shadowcat.store.rocksdb;

import dev.shadowcat.testkit.EventStoreContract;
import dev.shadowcat.testkit.StoreHome;

class SyncedRocksDbStoreTest extends EventStoreContract {
    @Override
    protected StoreHome newHome() throws Exception {
        return new RocksDbHome(RocksDbSettings.Durability.SYNC);
    }
}
