package dev.shadowcat.store.rocksdb;

/**
 * Where the upstream moved its cursor to without an event of ours.
 *
 * @param afterSequence our newest event on the stream at that moment
 */
record MovedCursor(long afterSequence, String cursor) {}
