package dev.shadowcat.store.rocksdb;

/**
 * How the embedded store keeps its promises and how much native memory it may use.
 *
 * @param durability when an appended batch is on the disk
 * @param blockCacheBytes room for blocks that were read, indexes and filters included
 * @param writeBufferBytes room for what was written and is not in a table file yet; together with the block cache this is
 *     the native memory of the store
 * @param maxOpenFiles bound on table files held open at once
 * @param compaction how the files of events are merged; no setting of users, but what benchmarks compare
 */
public record RocksDbSettings(
        Durability durability, long blockCacheBytes, long writeBufferBytes, int maxOpenFiles, Compaction compaction) {
    private static final long MEBIBYTE = 1024 * 1024;

    /** When an appended batch is on the disk. */
    public enum Durability {
        /** In the kernel's hands when append returns (survives the process), on the disk at the next sync. */
        BATCHED,
        /** On the disk when append returns. */
        SYNC
    }

    /** How files of events are merged. */
    public enum Compaction {
        /** Files of like size are merged, so that an event is rewritten seldom. */
        UNIVERSAL,
        /** Files are merged into levels, each ten times the one above it, so that the folder is small. */
        LEVELLED
    }

    public RocksDbSettings {
        requireAtLeast("block-cache-bytes", MEBIBYTE, blockCacheBytes);
        requireAtLeast("write-buffer-bytes", MEBIBYTE, writeBufferBytes);
        requireAtLeast("max-open-files", 32, maxOpenFiles);
    }

    /** The same with the compaction that was measured to be best. */
    public RocksDbSettings(Durability durability, long blockCacheBytes, long writeBufferBytes, int maxOpenFiles) {
        this(durability, blockCacheBytes, writeBufferBytes, maxOpenFiles, Compaction.UNIVERSAL);
    }

    public static RocksDbSettings of(Durability durability) {
        return new RocksDbSettings(durability, 32 * MEBIBYTE, 64 * MEBIBYTE, 512);
    }

    /** The same with other bounds of its native memory. */
    public RocksDbSettings withNativeMemory(long blockCache, long writeBuffers) {
        return new RocksDbSettings(durability, blockCache, writeBuffers, maxOpenFiles, compaction);
    }

    private static void requireAtLeast(String key, long least, long value) {
        if (value < least) {
            throw new IllegalArgumentException("store." + key + ": must be at least " + least + ", but was " + value);
        }
    }
}
