package dev.shadowcat.gateway.config;

/** When an event counts as stored. */
public enum Durability {
    /** In the store's log before it is sent; on the disk within 100 ms. */
    BATCHED,
    /** On the disk before it is sent. */
    SYNC,
    /** In a bounded ring in memory; a restart forgets sessions. */
    NONE,
}
