package dev.shadowcat.event;

import dev.shadowcat.memory.Footprint;
import dev.shadowcat.memory.Measured;
import java.util.Collection;

/** The upstream ids of a run of a stream's stored events, hashed: tells what a resumed upstream repeats. One thread. */
public final class RepeatFilter implements Measured {
    public static final int CAPACITY = 128;

    private final long[] hashes;
    private final long through;
    private final boolean partial;

    /**
     * @param ids oldest first; no more than the last {@value #CAPACITY} are kept
     * @param through the last sequence of the run
     * @param partial whether the store may have ids that are not among them
     */
    public RepeatFilter(Collection<String> ids, long through, boolean partial) {
        this.hashes = ids.stream()
                .skip(Math.max(0, ids.size() - CAPACITY))
                .mapToLong(RepeatFilter::hash)
                .toArray();
        this.through = through;
        this.partial = partial;
    }

    @Override
    public void measure(Footprint footprint) {
        footprint.add(this).array(hashes.length, Long.BYTES);
    }

    public boolean knows(String id) {
        long wanted = hash(id);
        for (long hash : hashes) {
            if (hash == wanted) {
                return true;
            }
        }
        return false;
    }

    /** The last sequence of the run. */
    public long through() {
        return through;
    }

    /** Whether an id that it does not know may yet be one of the stream's. */
    boolean partial() {
        return partial;
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
