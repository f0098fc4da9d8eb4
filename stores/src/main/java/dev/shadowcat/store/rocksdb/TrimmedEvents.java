package dev.shadowcat.store.rocksdb;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.StoreWrite;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;

/** What a trim finds in the stretch that it removes: the answers that have to stay, and what the rest adds up to. */
final class TrimmedEvents {
    private final StreamTail stream;
    private final long through;
    private final List<Long> answers = new ArrayList<>();
    private long otherBytesThrough;
    private @Nullable String cursor;

    TrimmedEvents(StreamTail stream, long through) {
        this.stream = stream;
        this.through = through;
        this.otherBytesThrough = stream.mark.otherBytesThrough();
        this.cursor = stream.mark.cursor();
    }

    /** Adds the events that the database holds. A stream without answers, like the standalone one, is not scanned. */
    void addStored(RocksIterator events, SessionId session, int number) throws RocksDBException {
        Tail newest = StoreReader.tailAt(events, session, number, through);
        if (newest.lastSequence() > stream.mark.through()) {
            otherBytesThrough = newest.otherBytes();
        }
        String stored = StoreReader.upstreamId(events, session, number, stream.tail.cursorSequence(), stream.mark);
        cursor = stored == null ? cursor : stored;
        if (newest.answerBytes() > 0) {
            addStoredAnswers(events, session, number);
        }
    }

    private void addStoredAnswers(RocksIterator events, SessionId session, int number) throws RocksDBException {
        byte[] end = Keys.event(session, number, through);
        events.seek(Keys.event(session, number, stream.mark.through() + 1));
        while (events.isValid()) {
            byte[] key = events.key();
            if (Arrays.compareUnsigned(key, end) > 0) {
                break;
            }
            if (EventRecords.isAnswer(StoreReader.head(events))) {
                answers.add(StoreReader.sequenceOf(key));
            }
            events.next();
        }
        events.status();
    }

    /** Adds the events that stand before the trim in its own batch. */
    void addPending(List<StoreWrite> writes, SessionId session, int number) {
        long seen = 0;
        for (StoreWrite write : writes) {
            if (write instanceof StoreWrite.AppendEvent append
                    && append.stream() == number
                    && append.session().equals(session)
                    && append.event().sequence() > seen) {
                seen = append.event().sequence();
                add(append.event());
            }
        }
    }

    private void add(Event event) {
        if (event.sequence() == stream.tail.cursorSequence()) {
            cursor = event.upstreamId();
        }
        if (event.sequence() > through) {
            return;
        }
        if (event.answer()) {
            answers.add(event.sequence());
        } else {
            otherBytesThrough += event.bytes();
        }
    }

    List<Long> answers() {
        return answers;
    }

    TrimMark mark() {
        return new TrimMark(through, otherBytesThrough, stream.tail, cursor);
    }
}
