package dev.shadowcat.store.rocksdb;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.format.RecordWriter;
import dev.shadowcat.store.format.Records;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.WriteBatch;

/**
 * Turns a batch of writes into one of RocksDB's. Used by one thread at a time; the native batch, the buffers and what is
 * remembered of streams live on from batch to batch, so that an event costs no look-up and hardly any garbage.
 */
final class BatchBuilder implements AutoCloseable {
    private static final int FIRST_BATCH_BYTES = 64 * 1024;
    private static final int FEW_ROWS = 1_000;

    private final WriteBatch rows = new WriteBatch(FIRST_BATCH_BYTES);
    private final ByteBuffer key = ByteBuffer.allocateDirect(Keys.EVENT_BYTES);
    private final RecordWriter value = new RecordWriter();
    private final TailCache tails = new TailCache();
    private long number;
    private int current; // which write of the batch is being added

    /** Builds the rows of a batch; valid until the next call. Nothing is written yet. */
    WriteBatch build(Database database, List<StoreWrite> writes) throws RocksDBException {
        number++;
        tails.shrink();
        rows.clear();
        value.trim();
        for (current = 0; current < writes.size(); current++) {
            add(database, writes, current);
        }
        return rows;
    }

    /** Which write of the batch could not be added, where {@link #build} threw. */
    int failedAt() {
        return current;
    }

    /** Builds the end of one session. */
    WriteBatch buildDelete(Database database, SessionId session) throws RocksDBException {
        return build(database, List.of(new StoreWrite.DeleteSession(session)));
    }

    /** To be called whenever a built batch was not written for certain. */
    void forget() {
        tails.forgetAll();
    }

    private void add(Database database, List<StoreWrite> writes, int index) throws RocksDBException {
        StoreWrite write = writes.get(index);
        SessionId id = write.session();
        SessionTails session = tails.session(database, id, number);
        if (write instanceof StoreWrite.PutSession put) {
            putSession(database, session, put);
            return;
        }
        if (!session.exists) {
            return;
        }
        switch (write) {
            case StoreWrite.PutSession _ -> throw new AssertionError("handled above");
            case StoreWrite.PutSessionState put -> {
                Records.write(value, put.state());
                putSessionRow(database, id, Keys.STATE);
            }
            case StoreWrite.TouchSession touch -> {
                Records.write(value, touch.activity());
                putSessionRow(database, id, Keys.ACTIVITY);
            }
            case StoreWrite.DeleteSession _ -> deleteSession(database, session, id);
            case StoreWrite.PutStream put -> putStream(database, session, put);
            case StoreWrite.AppendEvent append -> appendEvent(database, session, append, index);
            case StoreWrite.MoveUpstreamCursor move -> moveCursor(database, session, move);
            case StoreWrite.TrimStream trim -> trim(database, session, trim, writes, index);
            case StoreWrite.DeleteStream delete -> deleteStream(database, session, delete);
        }
    }

    private void putSession(Database database, SessionTails session, StoreWrite.PutSession put)
            throws RocksDBException {
        SessionId id = put.session();
        if (!session.exists) {
            tails.becomeEmpty(session, true);
        }
        Records.write(value, put.record());
        putSessionRow(database, id, Keys.RECORD);
        Records.write(value, put.state());
        putSessionRow(database, id, Keys.STATE);
        Records.write(value, put.activity());
        putSessionRow(database, id, Keys.ACTIVITY);
    }

    private void deleteSession(Database database, SessionTails session, SessionId id) throws RocksDBException {
        rows.delete(database.sessions, Keys.session(id, Keys.RECORD));
        rows.delete(database.sessions, Keys.session(id, Keys.STATE));
        rows.delete(database.sessions, Keys.session(id, Keys.ACTIVITY));
        boolean unseenRows = session.isWrittenInBatch();
        delete(database, database.streams, Keys.sessionStart(id), Keys.sessionEnd(id), unseenRows);
        delete(database, database.events, Keys.sessionStart(id), Keys.sessionEnd(id), unseenRows);
        tails.becomeEmpty(session, false);
    }

    private void putStream(Database database, SessionTails session, StoreWrite.PutStream put) throws RocksDBException {
        int stream = put.record().number();
        StreamTail known = tails.stream(database, put.session(), session, stream);
        if (!known.exists) {
            known.begin(number);
        }
        known.phase(put.record().phase());
        if (!known.isOpen()) {
            session.noteEnd();
        }
        Records.write(value, put.record());
        putStreamRow(database, put.session(), stream, Keys.RECORD);
    }

    private void appendEvent(Database database, SessionTails session, StoreWrite.AppendEvent append, int index)
            throws RocksDBException {
        Event event = append.event();
        StreamTail stream = tails.stream(database, append.session(), session, append.stream());
        if (!stream.exists || event.sequence() <= stream.tail.lastSequence()) {
            return;
        }
        Tail tail = stream.tail.with(event);
        EventRecords.write(value, event, tail);
        key.clear();
        append.session().writeTo(key);
        key.putInt(append.stream()).putLong(event.sequence());
        put(database.events);
        stream.appended(tail, number, index);
    }

    private void moveCursor(Database database, SessionTails session, StoreWrite.MoveUpstreamCursor move)
            throws RocksDBException {
        if (tails.stream(database, move.session(), session, move.stream()).exists) {
            EventRecords.write(value, new MovedCursor(move.afterSequence(), move.cursor()));
            putStreamRow(database, move.session(), move.stream(), Keys.MOVED_CURSOR);
        }
    }

    private void deleteStream(Database database, SessionTails session, StoreWrite.DeleteStream delete)
            throws RocksDBException {
        StreamTail stream = tails.stream(database, delete.session(), session, delete.stream());
        if (!stream.exists) {
            return;
        }
        rows.delete(database.streams, Keys.stream(delete.session(), delete.stream(), Keys.RECORD));
        rows.delete(database.streams, Keys.stream(delete.session(), delete.stream(), Keys.TRIM_MARK));
        rows.delete(database.streams, Keys.stream(delete.session(), delete.stream(), Keys.MOVED_CURSOR));
        delete(
                database,
                database.events,
                Keys.streamStart(delete.session(), delete.stream()),
                Keys.streamEnd(delete.session(), delete.stream()),
                session.isWrittenInBatch());
        stream.end(number);
        session.noteEnd();
    }

    private void trim(
            Database database, SessionTails session, StoreWrite.TrimStream trim, List<StoreWrite> writes, int index)
            throws RocksDBException {
        StreamTail stream = tails.stream(database, trim.session(), session, trim.stream());
        long through = Math.min(trim.throughSequence(), stream.tail.lastSequence());
        if (!stream.exists || through <= stream.mark.through()) {
            return;
        }
        TrimmedEvents trimmed = new TrimmedEvents(stream, through);
        if (!stream.isNewIn(number)) {
            try (RocksIterator events = database.rocks.newIterator(database.events, database.withinSession)) {
                trimmed.addStored(events, trim.session(), trim.stream());
            }
        }
        int firstPending = stream.firstPendingIn(number);
        if (firstPending != StreamTail.NONE) {
            trimmed.addPending(writes.subList(firstPending, index), trim.session(), trim.stream());
        }
        long from = stream.mark.through() + 1;
        for (long answer : trimmed.answers()) {
            deleteEvents(database, session, trim, from, answer);
            from = answer + 1;
        }
        if (from <= through) {
            deleteEvents(database, session, trim, from, through + 1);
        }
        stream.mark = trimmed.mark();
        EventRecords.write(value, stream.mark);
        putStreamRow(database, trim.session(), trim.stream(), Keys.TRIM_MARK);
    }

    private void deleteEvents(
            Database database, SessionTails session, StoreWrite.TrimStream trim, long from, long before)
            throws RocksDBException {
        if (from == before) {
            return;
        }
        byte[] end = before < 0 // past the last number there is
                ? Keys.streamEnd(trim.session(), trim.stream())
                : Keys.event(trim.session(), trim.stream(), before);
        byte[] start = Keys.event(trim.session(), trim.stream(), from);
        delete(database, database.events, start, end, session.isWrittenInBatch());
    }

    /**
     * Deletes a range of one session: row by row where it has few rows, since every range deletion slows down the reads of
     * all sessions until it is compacted away, and each single one only those of its own.
     *
     * @param unseenRows whether the batch under way may hold rows of the range, which no scan finds
     */
    private void delete(Database database, ColumnFamilyHandle family, byte[] from, byte[] end, boolean unseenRows)
            throws RocksDBException {
        List<byte[]> few = unseenRows ? null : fewRows(database, family, from, end);
        if (few == null) {
            rows.deleteRange(family, from, end);
            return;
        }
        for (byte[] row : few) {
            rows.delete(family, row);
        }
    }

    /** The rows of a range; null where there are many. */
    private static @Nullable List<byte[]> fewRows(Database database, ColumnFamilyHandle family, byte[] from, byte[] end)
            throws RocksDBException {
        List<byte[]> found = new ArrayList<>();
        try (RocksIterator scan = database.rocks.newIterator(family, database.withinSession)) {
            for (scan.seek(from); scan.isValid(); scan.next()) {
                byte[] row = scan.key();
                if (Arrays.compareUnsigned(row, end) >= 0) {
                    break;
                }
                if (found.size() == FEW_ROWS) {
                    return null;
                }
                found.add(row);
            }
            scan.status();
            return found;
        }
    }

    private void putSessionRow(Database database, SessionId session, byte part) throws RocksDBException {
        key.clear();
        session.writeTo(key);
        key.put(part);
        put(database.sessions);
    }

    private void putStreamRow(Database database, SessionId session, int stream, byte part) throws RocksDBException {
        key.clear();
        session.writeTo(key);
        key.putInt(stream).put(part);
        put(database.streams);
    }

    private void put(ColumnFamilyHandle family) throws RocksDBException {
        rows.put(family, key.flip(), value.end());
    }

    @Override
    public void close() {
        rows.close();
    }
}
