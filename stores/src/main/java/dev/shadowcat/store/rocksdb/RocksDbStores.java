package dev.shadowcat.store.rocksdb;

import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.function.Supplier;
import org.rocksdb.RocksDBException;
import org.rocksdb.WALRecoveryMode;

/** Opens embedded stores. */
public final class RocksDbStores {
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    private RocksDbStores() {}

    /**
     * Opens the store in a folder for the one gateway that owns it, and makes it where there is none.
     *
     * @throws StoreException if another process has it open, it is damaged, or the folder cannot be written; the message is
     *     one line for the user, and nothing was changed
     */
    public static EventStore open(Path folder, RocksDbSettings settings) {
        return open(folder, settings, RocksDbStores::bootId);
    }

    /** @param bootId names the machine's boot; {@code ""} where it has no name, and then every crash counts as a power cut */
    static EventStore open(Path folder, RocksDbSettings settings, Supplier<String> bootId) {
        StoreFolder files = new StoreFolder(folder);
        files.create();
        boolean fresh = files.isFresh();
        StoreFolder.Mark mark = files.mark();
        String boot = bootId.get();
        boolean powerCut = mark.tellsOfPowerCut(boot);
        // A killed process leaves at most a torn last record. Only a power cut leaves holes in the log, and then what
        // stands
        // before the first hole is all there is; at any other time a hole is damage, and is not to be passed over.
        WALRecoveryMode recovery =
                powerCut ? WALRecoveryMode.PointInTimeRecovery : WALRecoveryMode.TolerateCorruptedTailRecords;
        try {
            Database database = Database.open(files.rocks(), settings, fresh, recovery);
            try {
                Identity identity = Identity.establish(database, powerCut, new SecureRandom());
                files.markOpened(boot);
                return new RocksDbStore(files, settings, database, identity);
            } catch (RocksDBException | RuntimeException failed) {
                database.close();
                throw failed;
            }
        } catch (RocksDBException failed) {
            throw Failures.opening(files, files.mark(), failed);
        }
    }

    /**
     * Opens the store in a folder for reading, whether a gateway has it open or not. Each read sees what was appended
     * before it; writes throw.
     *
     * @throws StoreException if there is no store, or it cannot be read
     */
    public static EventStore openReadOnly(Path folder) {
        StoreFolder files = new StoreFolder(folder);
        if (files.isFresh()) {
            throw new StoreException("there is no store in " + folder, null);
        }
        return ReadOnlyRocksDbStore.open(files);
    }

    /**
     * Whether a folder holds a store. Changes nothing.
     *
     * @throws StoreException if it is damaged, or cannot be read
     */
    public static boolean exists(Path folder) {
        return !new StoreFolder(folder).isFresh();
    }

    /**
     * The user whose store a folder holds, where files that this process makes there belong to another: empty where it may write.
     *
     * @throws StoreException if the folder cannot be written
     */
    public static Optional<String> foreignOwner(Path folder) {
        return new StoreFolder(folder).foreignOwner();
    }

    private static String bootId() {
        try {
            return Files.readString(BOOT_ID).strip();
        } catch (IOException noneOnThisSystem) {
            return "";
        }
    }
}
