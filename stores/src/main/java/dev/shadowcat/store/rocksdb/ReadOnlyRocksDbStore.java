package dev.shadowcat.store.rocksdb;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoredSession;
import dev.shadowcat.store.StoredStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;

/** A look into a store that a gateway may have open at the same time; catches up with it before each read. */
final class ReadOnlyRocksDbStore implements EventStore {
    /** The gateway may remove a file between our learning of it and our opening it. */
    private static final int ATTEMPTS = 5;

    private static final RocksDbSettings SETTINGS = RocksDbSettings.of(RocksDbSettings.Durability.BATCHED);

    private final StoreFolder folder;
    private final Path scratch;
    private final Database database;
    private final Identity identity;
    private boolean closed; // guarded by this

    private ReadOnlyRocksDbStore(StoreFolder folder, Path scratch, Database database, Identity identity) {
        this.folder = folder;
        this.scratch = scratch;
        this.database = database;
        this.identity = identity;
    }

    static ReadOnlyRocksDbStore open(StoreFolder folder) {
        Path scratch = makeScratch();
        try {
            Database database = openDatabase(folder, scratch);
            try {
                return new ReadOnlyRocksDbStore(folder, scratch, database, Identity.read(database));
            } catch (RocksDBException | RuntimeException failed) {
                database.close();
                throw failed;
            }
        } catch (RocksDBException failed) {
            delete(scratch);
            throw Failures.reading(folder.user(), failed);
        } catch (RuntimeException failed) {
            delete(scratch);
            throw failed;
        }
    }

    private static Database openDatabase(StoreFolder folder, Path scratch) throws RocksDBException {
        for (int attempt = 1; ; attempt++) {
            try {
                return Database.openReadOnly(folder.rocks(), scratch, SETTINGS);
            } catch (RocksDBException failed) {
                if (attempt == ATTEMPTS) {
                    throw failed;
                }
            }
        }
    }

    /** RocksDB logs its reading somewhere, and a reader leaves no trace in the store's own folder. */
    private static Path makeScratch() {
        try {
            return Files.createTempDirectory("shadowcat-read");
        } catch (IOException failed) {
            throw new StoreException("cannot make a temporary folder: " + failed, failed);
        }
    }

    private static void delete(Path scratch) {
        try (Stream<Path> files = Files.walk(scratch)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException | UncheckedIOException leftForTheSystemToClean) {
            return;
        }
    }

    @Override
    public AppendOutcome append(List<StoreWrite> batch) {
        throw readOnly();
    }

    @Override
    public boolean expire(SessionId session, long idleSinceMillis) {
        throw readOnly();
    }

    private StoreException readOnly() {
        return new StoreException("the store in " + folder.user() + " was opened for reading only", null);
    }

    @Override
    public void sync() {}

    @Override
    public Optional<StoredSession> session(SessionId session) {
        return reading(reader -> reader.session(session));
    }

    @Override
    public List<StoredStream> streams(SessionId session) {
        return reading(reader -> reader.streams(session));
    }

    @Override
    public Optional<StoredStream> stream(SessionId session, int stream) {
        return reading(reader -> reader.stream(session, stream));
    }

    @Override
    public List<Event> read(SessionId session, int stream, long afterSequence, int maxEvents, long maxBytes) {
        return reading(reader -> reader.read(session, stream, afterSequence, maxEvents, maxBytes));
    }

    @Override
    public List<StoredSession> sessions(@Nullable SessionId after, int limit) {
        return reading(reader -> reader.sessions(after, limit));
    }

    @Override
    public int bootEpoch() {
        return identity.bootEpoch();
    }

    @Override
    public byte[] credentialKey() {
        return identity.credentialKey();
    }

    /** A reading of the store as it is now. */
    @FunctionalInterface
    private interface Reading<T> {
        T from(StoreReader reader) throws RocksDBException;
    }

    private synchronized <T> T reading(Reading<T> reading) {
        if (closed) {
            throw new StoreException("the store in " + folder.user() + " is closed", null);
        }
        for (int attempt = 1; ; attempt++) {
            try {
                database.rocks.tryCatchUpWithPrimary();
                return reading.from(database.reader);
            } catch (RocksDBException failed) {
                if (attempt == ATTEMPTS) {
                    throw Failures.reading(folder.user(), failed);
                }
            }
        }
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            database.close();
            delete(scratch);
        }
    }
}
