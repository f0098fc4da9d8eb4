package dev.shadowcat.store.rocksdb;

import org.jspecify.annotations.Nullable;

/**
 * What retention left behind of the events that it removed.
 *
 * @param through events up to here were removed, except answers
 * @param otherBytesThrough of all events up to here that are no answers
 * @param tail the stream's tail when that happened: the newest event itself may be gone
 * @param cursor the upstream id of the event that the tail names for it, null where there is none
 */
record TrimMark(
        long through,
        long otherBytesThrough,
        Tail tail,
        @Nullable String cursor) {
    static final TrimMark NONE = new TrimMark(0, 0, Tail.EMPTY, null);
}
