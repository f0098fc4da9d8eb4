package dev.shadowcat.event;

import dev.shadowcat.memory.Footprint;
import dev.shadowcat.memory.Measured;

/** The upstream ids of a run of a stream's stored events, hashed: tells what a resumed upstream repeats. One thread. */
public final class RepeatFilter implements Measured {
    /** Ids of one run; compared one by one. */
    public static final int CAPACITY = 128;

    private final long[] hashes;
    private final long through;
    private final Beyond beyond;

    /** What an id may be that is not among those of the run. */
    public enum Beyond {
        /** New: they are all that the stream ever had. */
        NEW,
        /** One of others that the store has. */
        STORED,
        /** New, or one that nobody remembers: the store has no other. */
        FORGOTTEN
    }

    /** @param through the last sequence of the run */
    public RepeatFilter(long[] hashes, long through, Beyond beyond) {
        this.hashes = hashes.clone();
        this.through = through;
        this.beyond = beyond;
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

    Beyond beyond() {
        return beyond;
    }

    /** The same run, where the store is to be asked about the next id that is not of it. */
    RepeatFilter asking() {
        return new RepeatFilter(hashes, through, Beyond.STORED);
    }

    /** 64 bits of FNV-1a: two of 128 ids collide once in 10^15 streams. */
    public static long hash(String id) {
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < id.length(); i++) {
            hash = (hash ^ id.charAt(i)) * 0x100000001b3L;
        }
        return hash;
    }
}
