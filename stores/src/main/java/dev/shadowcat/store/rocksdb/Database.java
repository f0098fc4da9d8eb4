package dev.shadowcat.store.rocksdb;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Properties;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompactionOptionsUniversal;
import org.rocksdb.CompactionStyle;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WALRecoveryMode;
import org.rocksdb.WriteBufferManager;
import org.rocksdb.WriteOptions;

/** An open RocksDB with its column families, and everything outside the heap that has to be closed with it. */
final class Database implements AutoCloseable {
    static {
        RocksDB.loadLibrary();
    }

    private static final int BLOOM_BITS_PER_KEY = 10;
    private static final long BLOCK_BYTES = 16 * 1024;
    /**
     * How many runs of files may stand side by side before they are merged. With RocksDB's own 4, merging takes about as much CPU as
     * all that the appending thread does.
     */
    private static final int RUNS_BEFORE_MERGING = 8;

    /** Memtable look-ups slow down with every range deletion in them; a flush resets that. */
    private static final int RANGE_DELETIONS_PER_MEMTABLE = 256;

    /** Space of deleted events comes back within a day even where nothing new is written. */
    private static final long COMPACT_AFTER_SECONDS = 24 * 60 * 60;

    private final Deque<AutoCloseable> owned = new ArrayDeque<>();
    final RocksDB rocks;
    final ColumnFamilyHandle meta;
    final ColumnFamilyHandle sessions;
    final ColumnFamilyHandle streams;
    final ColumnFamilyHandle events;
    /** For scans that stay within one session. */
    final ReadOptions withinSession;
    /** For scans across sessions. */
    final ReadOptions acrossSessions;

    final StoreReader reader = new StoreReader(this);
    final WriteOptions unsynced;
    final WriteOptions synced;

    /** How RocksDB is opened. */
    @FunctionalInterface
    private interface Opening {
        RocksDB open(DBOptions options, List<ColumnFamilyDescriptor> families, List<ColumnFamilyHandle> handles)
                throws RocksDBException;
    }

    /**
     * Opens for reading and writing.
     *
     * @param fresh whether the folder holds nothing yet; only then is anything created
     * @param recovery what to do with a log that ends in the middle
     */
    static Database open(Path folder, RocksDbSettings settings, boolean fresh, WALRecoveryMode recovery)
            throws RocksDBException {
        return new Database(settings, (options, families, handles) -> {
            options.setCreateIfMissing(fresh)
                    .setCreateMissingColumnFamilies(true)
                    .setWalRecoveryMode(recovery);
            return RocksDB.open(options, folder.toString(), families, handles);
        });
    }

    /** Opens for reading what another process writes, or none; see {@link RocksDB#tryCatchUpWithPrimary}. */
    static Database openReadOnly(Path folder, Path scratch, RocksDbSettings settings) throws RocksDBException {
        return new Database(settings, (options, families, handles) -> {
            // A file that the writer deletes stays readable for as long as it is open.
            options.setMaxOpenFiles(-1);
            return RocksDB.openAsSecondary(options, folder.toString(), scratch.toString(), families, handles);
        });
    }

    private Database(RocksDbSettings settings, Opening opening) throws RocksDBException {
        try {
            LRUCache cache = own(new LRUCache(settings.blockCacheBytes() + settings.writeBufferBytes()));
            WriteBufferManager writeBuffers = own(new WriteBufferManager(settings.writeBufferBytes(), cache));
            BlockBasedTableConfig rows = tables(cache).setWholeKeyFiltering(true);
            BlockBasedTableConfig scans = tables(cache).setWholeKeyFiltering(false);
            List<ColumnFamilyDescriptor> families = List.of(
                    family("default", own(new ColumnFamilyOptions()).setTableFormatConfig(rows)),
                    family("sessions", sessions(settings).setTableFormatConfig(rows)),
                    family(
                            "streams",
                            bySession(own(new ColumnFamilyOptions()), settings).setTableFormatConfig(rows)),
                    family("events", events(settings).setTableFormatConfig(scans)));
            DBOptions options = own(new DBOptions())
                    .setWriteBufferManager(writeBuffers)
                    .setMaxTotalWalSize(4 * settings.writeBufferBytes())
                    .setMaxOpenFiles(settings.maxOpenFiles())
                    .setParanoidChecks(true)
                    // One thread appends: nothing to run in parallel, nothing to pipeline.
                    .setAllowConcurrentMemtableWrite(false)
                    .setEnableWriteThreadAdaptiveYield(false)
                    .setStatsDumpPeriodSec(0)
                    .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
                    .setMaxLogFileSize(1024 * 1024)
                    .setKeepLogFileNum(3);
            List<ColumnFamilyHandle> handles = new ArrayList<>();
            rocks = own(opening.open(options, families, handles));
            handles.forEach(this::own);
            meta = handles.get(0);
            sessions = handles.get(1);
            streams = handles.get(2);
            events = handles.get(3);
            withinSession = own(new ReadOptions()).setPrefixSameAsStart(true);
            acrossSessions = own(new ReadOptions()).setTotalOrderSeek(true);
            unsynced = own(new WriteOptions());
            synced = own(new WriteOptions()).setSync(true);
        } catch (RocksDBException | RuntimeException failed) {
            close();
            throw failed;
        }
    }

    private BlockBasedTableConfig tables(LRUCache cache) {
        return new BlockBasedTableConfig()
                .setBlockCache(cache)
                .setBlockSize(BLOCK_BYTES)
                .setCacheIndexAndFilterBlocks(true)
                .setPinL0FilterAndIndexBlocksInCache(true)
                .setFilterPolicy(own(new BloomFilter(BLOOM_BITS_PER_KEY)));
    }

    /** Sessions: mostly the same rows over and over, since each use of a session is noted. */
    private ColumnFamilyOptions sessions(RocksDbSettings settings) {
        return bySession(own(hintedBy(Keys.SESSION_BYTES)), settings);
    }

    private static ColumnFamilyOptions bySession(ColumnFamilyOptions options, RocksDbSettings settings) {
        return options.useFixedLengthPrefixExtractor(Keys.SESSION_BYTES)
                .setWriteBufferSize(settings.writeBufferBytes() / 4)
                .setMaxWriteBufferNumber(4)
                .setMemtableMaxRangeDeletions(RANGE_DELETIONS_PER_MEMTABLE)
                .setCompressionType(CompressionType.LZ4_COMPRESSION);
    }

    /**
     * Events: nearly all that is written. Half of the write buffers is filled while the other half is flushed, so that files are
     * few and large; what is flushed is compressed when it is merged, and not twice.
     */
    private ColumnFamilyOptions events(RocksDbSettings settings) {
        ColumnFamilyOptions options = bySession(own(hintedBy(Keys.STREAM_BYTES)), settings)
                .setWriteBufferSize(settings.writeBufferBytes() / 2)
                .setMaxWriteBufferNumber(2)
                .setCompressionPerLevel(List.of(CompressionType.NO_COMPRESSION, CompressionType.LZ4_COMPRESSION))
                .setLevel0FileNumCompactionTrigger(RUNS_BEFORE_MERGING)
                .setPeriodicCompactionSeconds(COMPACT_AFTER_SECONDS);
        return switch (settings.compaction()) {
            case UNIVERSAL ->
                options.setCompactionStyle(CompactionStyle.UNIVERSAL)
                        .setCompactionOptionsUniversal(own(new CompactionOptionsUniversal()));
            case LEVELLED ->
                options.setCompactionStyle(CompactionStyle.LEVEL).setLevelCompactionDynamicLevelBytes(true);
        };
    }

    /**
     * The memtable begins its search where it put the last row with the same first bytes: close by, where keys only rise or come
     * again. The Java API has no setter.
     */
    private static ColumnFamilyOptions hintedBy(int prefixBytes) {
        Properties hints = new Properties();
        hints.setProperty("memtable_insert_with_hint_prefix_extractor", "fixed:" + prefixBytes);
        ColumnFamilyOptions options = ColumnFamilyOptions.getColumnFamilyOptionsFromProps(hints);
        if (options == null) {
            throw new IllegalStateException("this RocksDB does not know " + hints);
        }
        return options;
    }

    private static ColumnFamilyDescriptor family(String name, ColumnFamilyOptions options) {
        return new ColumnFamilyDescriptor(name.getBytes(StandardCharsets.US_ASCII), options);
    }

    private <T extends AutoCloseable> T own(T closeable) {
        owned.push(closeable);
        return closeable;
    }

    /** Closes in the reverse order of opening: the column families, the database, then what they were made with. */
    @Override
    public void close() {
        while (!owned.isEmpty()) {
            try {
                owned.pop().close();
            } catch (Exception impossible) {
                throw new IllegalStateException("closing a native object", impossible);
            }
        }
    }
}
