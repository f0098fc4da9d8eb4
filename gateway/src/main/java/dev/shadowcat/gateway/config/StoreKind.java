package dev.shadowcat.gateway.config;

/** Where sessions and events are kept. */
public enum StoreKind {
    /** The embedded RocksDB in the data folder. */
    ROCKSDB,
    /** The heap, bounded; a restart forgets everything. */
    MEMORY,
    /** A PostgreSQL database, which several gateways may share. */
    POSTGRESQL,
    /** A Redis, which several gateways may share. */
    REDIS;

    /** Whether several gateways may use the same one. */
    public boolean shared() {
        return this == POSTGRESQL || this == REDIS;
    }
}
