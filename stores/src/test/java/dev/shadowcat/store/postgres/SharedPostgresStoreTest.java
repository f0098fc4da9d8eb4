package dev.shadowcat.store.postgres;

import dev.shadowcat.testkit.SharedStoreContract;
import dev.shadowcat.testkit.SharedStoreHome;

class SharedPostgresStoreTest extends SharedStoreContract {
    @Override
    protected SharedStoreHome newSharedHome() {
        return new PostgresHome();
    }
}
