package dev.shadowcat.gateway.config;

/** Where sessions and events are kept. */
public enum StoreKind {
    /** The embedded RocksDB in the data folder. */
    ROCKSDB,
    /** The heap, bounded; a restart forgets everything. */
    MEMORY,
}
