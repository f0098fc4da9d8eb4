/** The embedded store: sessions, streams and events in RocksDB, in a folder of this machine with one owner. */
@NullMarked
package dev.shadowcat.store.rocksdb;

import org.jspecify.annotations.NullMarked;
