package dev.shadowcat.store.rocksdb;

import dev.shadowcat.event.SessionId;
import java.util.Iterator;
import java.util.LinkedHashMap;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;

/**
 * The newest of what the sessions in use hold, read from the database where it is not known. Appending thread only.
 *
 * <p>About 100 bytes a session and 100 a stream. Below the number of live sessions it would be of little use: they take
 * turns, and each turn would find its entry gone.
 */
final class TailCache {
    private static final int MAX_SESSIONS = 32_768;
    private static final int MAX_STREAMS = 65_536;
    private static final byte[] NO_ROOM = new byte[0];

    private final LinkedHashMap<SessionId, SessionTails> sessions = new LinkedHashMap<>(16, 0.75f, true);
    private int streams;

    /** Whether a session exists is asked of the database once, and answered from here after that. */
    SessionTails session(Database database, SessionId id, long batch) throws RocksDBException {
        SessionTails tails = sessions.get(id);
        if (tails == null) {
            byte[] key = Keys.session(id, Keys.RECORD);
            boolean exists = database.rocks.get(database.sessions, key, NO_ROOM) != RocksDB.NOT_FOUND;
            tails = new SessionTails(exists);
            sessions.put(id, tails);
        }
        streams -= tails.usedIn(batch);
        return tails;
    }

    StreamTail stream(Database database, SessionId id, SessionTails tails, int number) throws RocksDBException {
        StreamTail stream = tails.find(number);
        if (stream == null) {
            stream = tails.isKnownMissing(number) ? StreamTail.missing(number) : load(database, id, number);
            tails.add(stream);
            streams++;
            if (!stream.isOpen()) {
                tails.noteEnd();
            }
        }
        return stream;
    }

    void becomeEmpty(SessionTails tails, boolean exists) {
        streams -= tails.becomeEmpty(exists);
    }

    private static StreamTail load(Database database, SessionId id, int number) throws RocksDBException {
        byte[] recordKey = Keys.stream(id, number, Keys.RECORD);
        if (database.rocks.get(database.streams, recordKey, NO_ROOM) == RocksDB.NOT_FOUND) {
            return StreamTail.missing(number);
        }
        byte[] stored = database.rocks.get(database.streams, Keys.stream(id, number, Keys.TRIM_MARK));
        TrimMark mark = stored == null ? TrimMark.NONE : EventRecords.trimMark(stored);
        try (RocksIterator events = database.rocks.newIterator(database.events, database.withinSession)) {
            return new StreamTail(number, true, StoreReader.tail(events, id, number, mark), mark);
        }
    }

    /** Called between batches. */
    void shrink() {
        Iterator<SessionTails> eldest = sessions.values().iterator();
        while ((sessions.size() > MAX_SESSIONS || streams > MAX_STREAMS) && eldest.hasNext()) {
            streams -= eldest.next().size();
            eldest.remove();
        }
    }

    /** What a batch of unknown fate left behind is known to the database alone. */
    void forgetAll() {
        sessions.clear();
        streams = 0;
    }
}
