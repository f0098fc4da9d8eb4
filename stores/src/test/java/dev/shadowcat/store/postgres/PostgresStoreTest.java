package dev.shadowcat.store.postgres;

import dev.shadowcat.testkit.EventStoreContract;
import dev.shadowcat.testkit.StoreHome;

class PostgresStoreTest extends EventStoreContract {
    @Override
    protected StoreHome newHome() {
        return new PostgresHome();
    }
}
