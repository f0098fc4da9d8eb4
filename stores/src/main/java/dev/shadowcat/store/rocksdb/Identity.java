package dev.shadowcat.store.rocksdb;

import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.format.RecordWriter;
import java.util.random.RandomGenerator;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.WriteBatch;

/**
 * What a store keeps of itself.
 *
 * @param bootEpoch counts the power cuts that it may have lost writes in
 * @param credentialKey 32 random bytes, as old as the store
 */
@SuppressWarnings("ArrayRecordComponent") // read once and never compared
record Identity(int bootEpoch, byte[] credentialKey) {
    private static final int CREDENTIAL_KEY_BYTES = 32;
    private static final long FORMAT = 1;

    @Override
    public byte[] credentialKey() {
        return credentialKey.clone();
    }

    /** Gives a new store its identity, or reads an old one's and counts a power cut; on the disk before it returns. */
    static Identity establish(Database database, boolean powerCut, RandomGenerator strong) throws RocksDBException {
        byte[] credentialKey = database.rocks.get(database.meta, Keys.META_CREDENTIAL_KEY);
        if (credentialKey != null) {
            requireKnownFormat(database);
            int epoch = readEpoch(database) + (powerCut ? 1 : 0);
            if (powerCut) {
                write(database, new Identity(epoch, credentialKey));
            }
            return new Identity(epoch, credentialKey);
        }
        requireEmpty(database);
        Identity created = new Identity(0, new byte[CREDENTIAL_KEY_BYTES]);
        strong.nextBytes(created.credentialKey);
        write(database, created);
        return created;
    }

    /** Reads the identity of a store that someone else owns. */
    static Identity read(Database database) throws RocksDBException {
        byte[] credentialKey = database.rocks.get(database.meta, Keys.META_CREDENTIAL_KEY);
        if (credentialKey == null) {
            throw new StoreException("nothing was stored yet", null);
        }
        requireKnownFormat(database);
        return new Identity(readEpoch(database), credentialKey);
    }

    private static int readEpoch(Database database) throws RocksDBException {
        byte[] stored = database.rocks.get(database.meta, Keys.META_BOOT_EPOCH);
        return stored == null ? 0 : Math.toIntExact(EventRecords.number("boot epoch", stored));
    }

    private static void requireKnownFormat(Database database) throws RocksDBException {
        byte[] stored = database.rocks.get(database.meta, Keys.META_FORMAT);
        long format = stored == null ? FORMAT : EventRecords.number("format number", stored);
        if (format > FORMAT) {
            throw new StoreException(
                    "the store has format " + format + ", but this version of Shadowcat reads up to " + FORMAT
                            + ": use the version that wrote it, or a newer one",
                    null);
        }
    }

    /** Sessions without the key that their credentials were hashed with would be served to nobody, or to anybody. */
    private static void requireEmpty(Database database) throws RocksDBException {
        try (RocksIterator rows = database.rocks.newIterator(database.sessions, database.acrossSessions)) {
            rows.seekToFirst();
            rows.status();
            if (rows.isValid()) {
                throw new StoreException("the store is damaged: it holds sessions, but no credential key", null);
            }
        }
    }

    private static void write(Database database, Identity identity) throws RocksDBException {
        RecordWriter out = new RecordWriter();
        try (WriteBatch rows = new WriteBatch()) {
            rows.put(database.meta, Keys.META_FORMAT, EventRecords.numberBytes(out, FORMAT));
            rows.put(database.meta, Keys.META_BOOT_EPOCH, EventRecords.numberBytes(out, identity.bootEpoch));
            rows.put(database.meta, Keys.META_CREDENTIAL_KEY, identity.credentialKey);
            database.rocks.write(database.synced, rows);
        }
    }
}
