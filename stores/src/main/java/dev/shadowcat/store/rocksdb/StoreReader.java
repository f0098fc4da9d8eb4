package dev.shadowcat.store.rocksdb;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.SessionRecord;
import dev.shadowcat.store.SessionState;
import dev.shadowcat.store.StoredSession;
import dev.shadowcat.store.StoredStream;
import dev.shadowcat.store.StreamRecord;
import dev.shadowcat.store.format.Records;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;

/** Reads what a {@link Database} holds. Any number of threads; each call sees one state of the store. */
final class StoreReader {
    private static final int FIRST_VALUE_BYTES = 4 * 1024;
    /** Covers the fields of an event before its texts: seven of at most ten bytes. */
    private static final int EVENT_HEAD_BYTES = 70;

    private final Database database;

    StoreReader(Database database) {
        this.database = database;
    }

    Optional<StoredSession> session(SessionId session) throws RocksDBException {
        try (RocksIterator rows = database.rocks.newIterator(database.sessions, database.withinSession)) {
            rows.seek(Keys.sessionStart(session));
            return Optional.ofNullable(readSession(rows));
        }
    }

    List<StoredSession> sessions(@Nullable SessionId after, int limit) throws RocksDBException {
        try (RocksIterator rows = database.rocks.newIterator(database.sessions, database.acrossSessions)) {
            if (after == null) {
                rows.seekToFirst();
            } else {
                rows.seek(Keys.sessionEnd(after));
            }
            List<StoredSession> page = new ArrayList<>();
            while (page.size() < limit && rows.isValid()) {
                StoredSession session = readSession(rows);
                if (session != null) {
                    page.add(session);
                }
            }
            rows.status();
            return page;
        }
    }

    /** Reads the session at the iterator's place and moves on to the next; null where it is not whole. */
    private static @Nullable StoredSession readSession(RocksIterator rows) throws RocksDBException {
        SessionId id = null;
        SessionRecord record = null;
        SessionState state = null;
        SessionActivity activity = null;
        for (; rows.isValid(); rows.next()) {
            byte[] key = rows.key();
            SessionId owner = SessionId.from(ByteBuffer.wrap(key));
            if (id != null && !id.equals(owner)) {
                break;
            }
            id = owner;
            switch (key[Keys.SESSION_BYTES]) {
                case Keys.RECORD -> record = Records.sessionRecord(id, rows.value());
                case Keys.STATE -> state = Records.sessionState(rows.value());
                case Keys.ACTIVITY -> activity = Records.sessionActivity(rows.value());
                default -> {} // a part that a newer version added
            }
        }
        rows.status();
        return record == null || state == null || activity == null ? null : new StoredSession(record, state, activity);
    }

    Optional<StoredStream> stream(SessionId session, int stream) throws RocksDBException {
        List<StoredStream> found = streams(session, Keys.streamStart(session, stream), stream);
        return found.isEmpty() ? Optional.empty() : Optional.of(found.getFirst());
    }

    List<StoredStream> streams(SessionId session) throws RocksDBException {
        return streams(session, Keys.sessionStart(session), Integer.MAX_VALUE);
    }

    private List<StoredStream> streams(SessionId session, byte[] from, int lastStream) throws RocksDBException {
        List<RocksIterator> both =
                database.rocks.newIterators(List.of(database.streams, database.events), database.withinSession);
        try (RocksIterator rows = both.get(0);
                RocksIterator events = both.get(1)) {
            List<StoredStream> found = new ArrayList<>();
            rows.seek(from);
            while (rows.isValid() && streamOf(rows.key()) <= lastStream) {
                StoredStream stream = readStream(session, rows, events);
                if (stream != null) {
                    found.add(stream);
                }
            }
            rows.status();
            return found;
        }
    }

    /** Reads the stream at the iterator's place and moves on to the next. */
    private static @Nullable StoredStream readStream(SessionId session, RocksIterator rows, RocksIterator events)
            throws RocksDBException {
        int number = streamOf(rows.key());
        StreamRecord record = null;
        TrimMark mark = TrimMark.NONE;
        MovedCursor moved = null;
        for (; rows.isValid(); rows.next()) {
            byte[] key = rows.key();
            if (streamOf(key) != number) {
                break;
            }
            switch (key[Keys.STREAM_BYTES]) {
                case Keys.RECORD -> record = Records.streamRecord(number, rows.value());
                case Keys.TRIM_MARK -> mark = EventRecords.trimMark(rows.value());
                case Keys.MOVED_CURSOR -> moved = EventRecords.movedCursor(rows.value());
                default -> {} // a part that a newer version added
            }
        }
        rows.status();
        if (record == null) {
            return null;
        }
        Tail tail = tail(events, session, number, mark);
        long bytes = tail.answerBytes() + tail.otherBytes() - mark.otherBytesThrough();
        String cursor = moved != null && moved.afterSequence() >= tail.cursorSequence()
                ? moved.cursor()
                : upstreamId(events, session, number, tail.cursorSequence(), mark);
        return new StoredStream(record, mark.through(), tail.lastSequence(), cursor, bytes, tail.answerBytes());
    }

    /** The stream's tail: that of its newest event, or what retention noted of it when that one is gone. */
    static Tail tail(RocksIterator events, SessionId session, int stream, TrimMark mark) throws RocksDBException {
        Tail newest = tailAt(events, session, stream, Long.MAX_VALUE);
        return newest.lastSequence() > mark.tail().lastSequence() ? newest : mark.tail();
    }

    /** The tail as of the newest event at or before a sequence that is still there. */
    static Tail tailAt(RocksIterator events, SessionId session, int stream, long sequence) throws RocksDBException {
        events.seekForPrev(Keys.event(session, stream, sequence));
        events.status();
        byte[] key = events.isValid() ? events.key() : null;
        if (key == null || !isOf(key, session, stream)) {
            return Tail.EMPTY;
        }
        byte[] head = head(events);
        return EventRecords.tail(sequenceOf(key), head, head.length);
    }

    /** The fields of the event at the iterator's place, its texts and its message perhaps cut off. */
    static byte[] head(RocksIterator events) {
        byte[] head = new byte[EVENT_HEAD_BYTES];
        int length = events.value(head, 0, head.length);
        return length < head.length ? Arrays.copyOf(head, length) : head;
    }

    /** The upstream id of the event that a tail names for it; null where no event has one. */
    static @Nullable String upstreamId(
            RocksIterator events, SessionId session, int stream, long sequence, TrimMark mark) throws RocksDBException {
        if (sequence == 0) {
            return null;
        }
        if (sequence == mark.tail().cursorSequence()) {
            return mark.cursor();
        }
        byte[] wanted = Keys.event(session, stream, sequence);
        events.seek(wanted);
        events.status();
        if (!events.isValid() || !Arrays.equals(events.key(), wanted)) {
            return null;
        }
        byte[] value = events.value();
        return EventRecords.event(sequence, value, value.length).upstreamId();
    }

    List<Event> read(SessionId session, int stream, long afterSequence, int maxEvents, long maxBytes)
            throws RocksDBException {
        if (afterSequence == Long.MAX_VALUE || maxEvents < 1) {
            return List.of();
        }
        try (RocksIterator rows = database.rocks.newIterator(database.events, database.withinSession)) {
            List<Event> found = new ArrayList<>();
            byte[] key = new byte[Keys.EVENT_BYTES];
            byte[] value = new byte[FIRST_VALUE_BYTES];
            long bytes = 0;
            rows.seek(Keys.event(session, stream, afterSequence + 1));
            while (rows.isValid()) {
                rows.key(key, 0, key.length);
                if (streamOf(key) != stream) {
                    break;
                }
                int length = rows.value(value, 0, value.length);
                if (length > value.length) {
                    value = new byte[length];
                    rows.value(value, 0, length);
                }
                Event event = EventRecords.event(sequenceOf(key), value, length);
                found.add(event);
                bytes += event.bytes();
                if (found.size() >= maxEvents || bytes >= maxBytes) {
                    return found;
                }
                rows.next();
            }
            rows.status();
            return found;
        }
    }

    private static boolean isOf(byte[] key, SessionId session, int stream) {
        return SessionId.from(ByteBuffer.wrap(key)).equals(session) && streamOf(key) == stream;
    }

    static int streamOf(byte[] key) {
        return ByteBuffer.wrap(key).getInt(Keys.SESSION_BYTES);
    }

    static long sequenceOf(byte[] key) {
        return ByteBuffer.wrap(key).getLong(Keys.STREAM_BYTES);
    }
}
