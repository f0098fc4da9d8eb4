package dev.shadowcat.store.rocksdb;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoredSession;
import dev.shadowcat.store.StoredStream;
import dev.shadowcat.store.format.Records;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.WALRecoveryMode;
import org.rocksdb.WriteBatch;

/**
 * The embedded store: one RocksDB in one folder, owned by one gateway.
 *
 * <p>Lock order: {@code writing} before {@code inUse}.
 */
final class RocksDbStore implements EventStore {
    private static final Duration FULL_DISK_RETRY = Duration.ofSeconds(1);

    private final StoreFolder folder;
    private final RocksDbSettings settings;
    private final Identity identity;

    /** Held by whoever writes, so that an expiry comes before a batch or after it. */
    private final Lock writing = new ReentrantLock();

    private final BatchBuilder builder = new BatchBuilder(); // guarded by writing
    private boolean writesStopped; // guarded by writing

    /** Held shared by whoever touches the database, and alone by whoever replaces or closes it. */
    private final ReadWriteLock inUse = new ReentrantReadWriteLock();

    private @Nullable Database database; // guarded by inUse
    private boolean closed; // guarded by inUse

    private final AtomicLong written = new AtomicLong();
    private final AtomicLong syncedUpTo = new AtomicLong();

    RocksDbStore(StoreFolder folder, RocksDbSettings settings, Database database, Identity identity) {
        this.folder = folder;
        this.settings = settings;
        this.database = database;
        this.identity = identity;
    }

    @Override
    public AppendOutcome append(List<StoreWrite> batch) {
        writing.lock();
        try {
            if (writesStopped) {
                String obstacle = openAnew();
                if (obstacle != null) {
                    return new AppendOutcome.Busy(FULL_DISK_RETRY, obstacle);
                }
            }
            return write(batch);
        } finally {
            writing.unlock();
        }
    }

    private AppendOutcome write(List<StoreWrite> batch) {
        inUse.readLock().lock();
        try {
            Database open = database();
            WriteBatch rows;
            try {
                rows = builder.build(open, batch);
            } catch (RocksDBException unread) {
                if (!Failures.isCorruption(unread)) {
                    throw unread;
                }
                builder.forget();
                return damaged(batch.get(builder.failedAt()), unread);
            }
            boolean sync = settings.durability() == RocksDbSettings.Durability.SYNC;
            open.rocks.write(sync ? open.synced : open.unsynced, rows);
            written.incrementAndGet();
            return AppendOutcome.Stored.ALL;
        } catch (RocksDBException failed) {
            builder.forget();
            writesStopped = Failures.stopsWrites(failed);
            return Failures.outcome(failed);
        } catch (RuntimeException failed) {
            builder.forget();
            throw failed;
        } finally {
            inUse.readLock().unlock();
        }
    }

    /** What a write goes on from cannot be read and never will be: that write is refused, and takes no other with it. */
    private AppendOutcome damaged(StoreWrite write, RocksDBException unread) {
        String reason = Failures.reading(folder.user(), unread).getMessage();
        return new AppendOutcome.Refused(String.valueOf(reason), List.of(write));
    }

    /**
     * RocksDB takes no write any more after one failed half way, and its Java API cannot tell it to go on: so it is opened
     * anew, beneath the readers, once there is room again. Until then the old one serves reads.
     *
     * @return what stands in the way, null when writes may go on
     */
    private @Nullable String openAnew() {
        if (folder.usableBytes() < settings.writeBufferBytes()) {
            return "the disk is full";
        }
        String refusal = folder.refusesFiles();
        if (refusal != null) {
            return "the disk takes no new file: " + refusal;
        }
        inUse.writeLock().lock();
        try {
            if (closed) {
                throw closedException();
            }
            if (database != null) {
                database.close();
                database = null;
            }
            database = Database.open(folder.rocks(), settings, false, WALRecoveryMode.TolerateCorruptedTailRecords);
            writesStopped = false;
            return null;
        } catch (RocksDBException failed) {
            return "the store could not be opened again: " + failed.getMessage();
        } finally {
            inUse.writeLock().unlock();
        }
    }

    @Override
    public boolean expire(SessionId session, long idleSinceMillis) {
        writing.lock();
        inUse.readLock().lock();
        try {
            Database open = database();
            byte[] activity = open.rocks.get(open.sessions, Keys.session(session, Keys.ACTIVITY));
            if (activity == null || isLater(Records.sessionActivity(activity), idleSinceMillis)) {
                return false;
            }
            // Not synced in any mode: a session that comes back after a power cut expires again.
            open.rocks.write(open.unsynced, builder.buildDelete(open, session));
            written.incrementAndGet();
            return true;
        } catch (RocksDBException failed) {
            builder.forget();
            writesStopped |= Failures.stopsWrites(failed);
            throw new StoreException(
                    "the store in " + folder.user() + " cannot be written: " + failed.getMessage(), failed);
        } finally {
            inUse.readLock().unlock();
            writing.unlock();
        }
    }

    private static boolean isLater(SessionActivity activity, long idleSinceMillis) {
        return activity.lastActiveMillis() > idleSinceMillis;
    }

    @Override
    public void sync() {
        long upTo = written.get();
        if (upTo == syncedUpTo.get()) {
            return;
        }
        reading(open -> {
            open.rocks.syncWal();
            return upTo;
        });
        syncedUpTo.accumulateAndGet(upTo, Math::max);
    }

    @Override
    public Optional<StoredSession> session(SessionId session) {
        return reading(open -> open.reader.session(session));
    }

    @Override
    public List<StoredStream> streams(SessionId session) {
        return reading(open -> open.reader.streams(session));
    }

    @Override
    public Optional<StoredStream> stream(SessionId session, int stream) {
        return reading(open -> open.reader.stream(session, stream));
    }

    @Override
    public List<Event> read(SessionId session, int stream, long afterSequence, int maxEvents, long maxBytes) {
        return reading(open -> open.reader.read(session, stream, afterSequence, maxEvents, maxBytes));
    }

    @Override
    public List<StoredSession> sessions(@Nullable SessionId after, int limit) {
        return reading(open -> open.reader.sessions(after, limit));
    }

    @Override
    public int bootEpoch() {
        return identity.bootEpoch();
    }

    @Override
    public byte[] credentialKey() {
        return identity.credentialKey();
    }

    /** A reading of the open database. */
    @FunctionalInterface
    private interface Reading<T> {
        T from(Database open) throws RocksDBException;
    }

    private <T> T reading(Reading<T> reading) {
        inUse.readLock().lock();
        try {
            return reading.from(database());
        } catch (RocksDBException failed) {
            throw Failures.reading(folder.user(), failed);
        } finally {
            inUse.readLock().unlock();
        }
    }

    private Database database() {
        if (closed) {
            throw closedException();
        }
        if (database == null) {
            throw new StoreException(
                    "the store in " + folder.user() + " waits to be opened again after an error", null);
        }
        return database;
    }

    private StoreException closedException() {
        return new StoreException("the store in " + folder.user() + " is closed", null);
    }

    /** Syncs, closes, and only then says that it was closed. Waits for reads and writes under way; they are short. */
    @Override
    public void close() {
        writing.lock();
        inUse.writeLock().lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            builder.close();
            closeDatabase();
        } finally {
            inUse.writeLock().unlock();
            writing.unlock();
        }
    }

    private void closeDatabase() {
        if (database == null) {
            return;
        }
        try (Database closing = database) {
            closing.rocks.syncWal();
            if (!writesStopped) {
                folder.markClosed();
            }
        } catch (RocksDBException failed) {
            throw new StoreException(
                    "the store in " + folder.user() + " was not synced: " + failed.getMessage(), failed);
        } finally {
            database = null;
        }
    }
}
