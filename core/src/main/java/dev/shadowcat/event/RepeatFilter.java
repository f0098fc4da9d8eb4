package dev.shadowcat.event;

import java.util.Collection;

/** The upstream ids of a stream's newest events, hashed: tells what a resumed upstream repeats. One thread. */
final class RepeatFilter {
    static final int CAPACITY = 128;

    private final long[] hashes;

    RepeatFilter(Collection<String> newestIds) {
        this.hashes = newestIds.stream()
                .skip(Math.max(0, newestIds.size() - CAPACITY))
                .mapToLong(RepeatFilter::hash)
                .toArray();
    }

    boolean knows(String id) {
        long wanted = hash(id);
        for (long hash : hashes) {
            if (hash == wanted) {
                return true;
            }
        }
        return false;
    }

    /** 64 bits of FNV-1a: two of 128 ids collide once in 10^15 streams. */
    private static long hash(String id) {
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < id.length(); i++) {
            hash = (hash ^ id.charAt(i)) * 0x100000001b3L;
        }
        return hash;
    }
}
