package dev.shadowcat.session;

import dev.shadowcat.event.Event;
import dev.shadowcat.memory.Footprint;
import dev.shadowcat.memory.Measured;
import dev.shadowcat.observe.Replay;
import dev.shadowcat.store.StoredStream;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The next event that a client has not seen on one stream: a cursor, plus a small tail of live events. When the tail
 * overflows it is dropped, and the cursor reads from the store until it has caught up. So a resume, a slow client and a live
 * one are the same path. The session's thread only.
 */
public final class ClientStream implements Runnable, Measured {
    private static final int TAIL_EVENTS = 64;
    private static final int READ_EVENTS = 256;
    private static final int READ_BYTES = 256 << 10;

    private final EventStream stream;
    private final EventSink sink;
    private long delivered; // the last sequence written to the sink
    private long unstored; // the last sequence shown without an id, before the store had it; 0 where none was
    private long tailAfter; // the tail holds every stored event after this one, unless it was written
    private int tailBytes;
    private @Nullable ArrayDeque<Event> tail;
    private boolean reading;
    private long behindSince; // when the first read was for what it has not seen; 0 where it was not behind
    private boolean flushDue;
    private boolean closed;
    private @Nullable Replay replay; // until it has caught up
    private boolean gapTold; // of what is missing after the last event that was written
    private long stalledAtMillis; // since when the sink takes nothing; 0 while it does

    /** @param after the client's cursor: the first event that it gets is the next one */
    public ClientStream(EventStream stream, EventSink sink, long after) {
        this.stream = stream;
        this.sink = sink;
        this.delivered = after;
        this.tailAfter = stream.stored();
    }

    /** The client knows already that events after its cursor are gone. Before it is attached. */
    public void gapTold() {
        gapTold = true;
    }

    /** Somebody follows its way to what is live. Before it is attached. */
    public void followed(Replay follower) {
        replay = follower;
    }

    /** The last sequence that was written to this client. */
    public long delivered() {
        return delivered;
    }

    public EventSink sink() {
        return sink;
    }

    public EventStream stream() {
        return stream;
    }

    /** The store has one more event of this stream, the newest. */
    void stored(Event event) {
        if (closed) {
            return;
        }
        if (event.sequence() <= unstored) {
            wasShown(event.sequence());
            return;
        }
        if (tail == null && delivered == tailAfter && !reading && sink.writable()) {
            write(event);
            tailAfter = event.sequence();
            finishIfDone();
            return;
        }
        keep(event);
        pump();
    }

    /** The store has what the client was shown before; with the last of it the client's cursor moves. */
    private void wasShown(long sequence) {
        delivered = Math.max(delivered, sequence);
        tailAfter = Math.max(tailAfter, sequence);
        stream.written(sequence);
        if (sequence == unstored) {
            sink.cursor(stream.number(), sequence);
            sink.flush();
        }
        finishIfDone();
    }

    /**
     * Shows an event that the store does not have, without an id, if the client has everything before it.
     *
     * @return whether it was shown
     */
    boolean unstored(Event event) {
        if (!takesUnstored() || event.sequence() != shown() + 1) {
            return false;
        }
        unstored = event.sequence();
        sink.notice(event.message());
        sink.flush();
        session().observer().eventSent();
        finishIfDone();
        return true;
    }

    /**
     * Tells, without an id, that events were let go which the store never had, if the client has everything before them.
     *
     * @param gap in the place of the last of them
     * @param after the event before the first of them; 0 where that one is stored
     */
    void unstoredGap(Event gap, long after) {
        if (takesUnstored() && shown() >= after && shown() < gap.sequence()) {
            unstored = gap.sequence();
            session().observer().gapTold();
            session().gapNotices(stream.standalone()).forEach(sink::notice);
            sink.flush();
        }
    }

    /** Whether it has all that the store has, and takes more. */
    private boolean takesUnstored() {
        return !closed && !reading && delivered >= stream.stored() && sink.writable();
    }

    /** Up to where it was shown everything. What was read from the store may be ahead of what the worker knows to be there. */
    long shown() {
        return Math.max(delivered, unstored);
    }

    /** Whether the client was shown an event before the store had it: an error in its place would be a second answer. */
    boolean hasSeenUnstored(long sequence) {
        return sequence <= unstored;
    }

    private void keep(Event event) {
        if (tail == null) {
            tail = new ArrayDeque<>(8);
        }
        if (tail.size() == TAIL_EVENTS || tailBytes + event.bytes() > session().tailBytes()) {
            tail = null;
            tailBytes = 0;
            tailAfter = event.sequence();
            return;
        }
        tail.addLast(event);
        tailBytes += event.bytes();
    }

    /** Writes what the sink takes. Due when events came, when the sink is writable again, and when the stream ended. */
    public void pump() {
        if (closed || reading) {
            return;
        }
        while (delivered < stream.stored()) {
            if (!sink.writable()) {
                stalled();
                return;
            }
            if (delivered < tailAfter) {
                readOn();
                return;
            }
            Event next = nextOfTail();
            if (next == null) {
                delivered = stream.stored(); // what is left of the stream are numbers without an event
                tailAfter = delivered;
                break;
            }
            write(next);
        }
        caughtUp();
        finishIfDone();
    }

    private void caughtUp() {
        if (behindSince != 0) {
            session().observer().replayEnded(behindSince);
            behindSince = 0;
        }
        Replay followed = replay;
        if (followed != null) {
            replay = null;
            followed.caughtUp();
        }
    }

    private @Nullable Event nextOfTail() {
        while (tail != null) {
            Event next = tail.pollFirst();
            if (next == null) {
                tail = null;
                tailBytes = 0;
                tailAfter = delivered;
                return null;
            }
            tailBytes -= next.bytes();
            if (next.sequence() > delivered) {
                return next;
            }
        }
        return null;
    }

    /** Whether the store is being read for it. */
    public boolean reading() {
        return reading;
    }

    private void readOn() {
        reading = true;
        Session session = stream.session();
        if (behindSince == 0) {
            behindSince = session.observer().replayBegan();
        }
        long after = delivered;
        session.reader().read(session.loop(), () -> page(session, after), this::read, this::readFailed);
    }

    /**
     * Some of a stream's events.
     *
     * @param trimmedThrough how far retention had come, where some are missing at the beginning
     */
    private record Page(List<Event> events, long trimmedThrough) {}

    /** Reads on. Blocks on the store; a reading thread. */
    private Page page(Session session, long after) {
        List<Event> events = session.store().read(session.id(), stream.number(), after, READ_EVENTS, READ_BYTES);
        boolean whole = !events.isEmpty() && events.getFirst().sequence() == after + 1;
        long trimmed = whole
                ? 0
                : session.store().stream(session.id(), stream.number())
                        .map(StoredStream::trimmedThrough)
                        .orElse(0L);
        return new Page(events, trimmed);
    }

    private void read(Page page) {
        reading = false;
        if (closed) {
            return;
        }
        List<Event> events = page.events();
        stream.trimmed(page.trimmedThrough());
        session().observer().replayed(events.size());
        if (replay != null) {
            replay.read(events.size());
        }
        for (Event event : events) {
            tellGap(event.sequence() - 1);
            write(event); // beyond the sink's water mark by one read at most
        }
        if (events.isEmpty()) {
            tellGap(tailAfter);
            delivered = Math.max(delivered, tailAfter); // retention took what was left
            sink.flush();
        }
        pump();
    }

    /** Tells a client that was too slow, once for each gap, that retention took what it had not read. */
    private void tellGap(long before) {
        if (delivered < before && delivered < stream.trimmedThrough() && !gapTold) {
            gapTold = true;
            session().observer().gapTold();
            session().gapNotices(stream.standalone()).forEach(sink::notice);
        }
    }

    private void readFailed(String reason) {
        reading = false;
        if (!closed) {
            // The client comes back with its cursor; by then the store may be readable again.
            stream.detach(this);
            close();
            sink.abort();
        }
    }

    private void write(Event event) {
        gapTold = false; // what is missing from here on is another gap
        delivered = event.sequence();
        stalledAtMillis = 0;
        if (event.gap()) {
            sink.gap(stream.number(), event.sequence());
        } else {
            sink.event(stream.number(), event.sequence(), event.message());
        }
        stream.written(event.sequence());
        session().observer().eventSent();
        if (!flushDue) {
            flushDue = true;
            session().loop().execute(this);
        }
    }

    /** Flushes what one batch brought. */
    @Override
    public void run() {
        flushDue = false;
        if (!closed) {
            sink.flush();
        }
    }

    private void stalled() {
        if (stalledAtMillis == 0) {
            stalledAtMillis = session().clock().millis();
        }
    }

    /** Whether the client has taken nothing since before that time. */
    public boolean stalledSince(long millis) {
        return stalledAtMillis != 0 && stalledAtMillis <= millis && !sink.writable();
    }

    private void finishIfDone() {
        if (!closed && !reading && stream.ended() && hasAll()) {
            stream.detach(this);
            close();
            sink.flush();
            sink.finish();
        }
    }

    /** Whoever has an id comes back until the last one is known to the store; whoever has none has no use for it any more. */
    private boolean hasAll() {
        return (stream.recordStored() ? delivered : shown()) >= stream.newest();
    }

    /** The client's connection is gone, or another one took its place; nothing is written any more. */
    void close() {
        closed = true;
        tail = null;
        Replay followed = replay;
        if (followed != null) {
            replay = null;
            followed.left();
        }
    }

    @Override
    public void measure(Footprint footprint) {
        footprint.add(this).measured(sink);
        if (tail != null) {
            footprint.add(tail).references(tail.size());
            tail.forEach(event -> footprint.add(event).array(event.message().length, Byte.BYTES));
        }
    }

    private Session session() {
        return stream.session();
    }
}
