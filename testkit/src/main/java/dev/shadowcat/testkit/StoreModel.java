package dev.shadowcat.testkit;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.SessionRecord;
import dev.shadowcat.store.SessionState;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StreamRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The contract of a store said again in the plainest way: lists, no bounds, no thought of speed. */
final class StoreModel {
    final Map<SessionId, Session> sessions = new TreeMap<>();

    /** A session as the model sees it. */
    static final class Session {
        final Map<Integer, Stream> streams = new TreeMap<>();
        SessionRecord record;
        SessionState state;
        SessionActivity activity;

        Session(StoreWrite.PutSession put) {
            record = put.record();
            state = put.state();
            activity = put.activity();
        }
    }

    /** A stream as the model sees it: every event ever, and which of them were removed. */
    static final class Stream {
        final List<Event> everAppended = new ArrayList<>();
        StreamRecord record;
        long trimmedThrough;
        private StoreWrite.@Nullable MoveUpstreamCursor moved;

        Stream(StreamRecord record) {
            this.record = record;
        }

        long lastSequence() {
            return everAppended.isEmpty() ? 0 : everAppended.getLast().sequence();
        }

        List<Event> kept() {
            return everAppended.stream()
                    .filter(event -> event.answer() || event.sequence() > trimmedThrough)
                    .toList();
        }

        @Nullable
        String upstreamCursor() {
            for (Event event : everAppended.reversed()) {
                if (event.upstreamId() != null) {
                    return moved != null && moved.afterSequence() >= event.sequence()
                            ? moved.cursor()
                            : event.upstreamId();
                }
            }
            return moved == null ? null : moved.cursor();
        }
    }

    void append(List<StoreWrite> batch) {
        batch.forEach(this::apply);
    }

    private void apply(StoreWrite write) {
        if (write instanceof StoreWrite.PutSession put) {
            Session replaced = new Session(put);
            Session before = sessions.put(put.session(), replaced);
            if (before != null) {
                replaced.streams.putAll(before.streams);
            }
            return;
        }
        Session session = sessions.get(write.session());
        if (session == null) {
            return;
        }
        switch (write) {
            case StoreWrite.PutSession _ -> throw new AssertionError("handled above");
            case StoreWrite.PutSessionState put -> session.state = put.state();
            case StoreWrite.TouchSession touch -> session.activity = touch.activity();
            case StoreWrite.DeleteSession delete -> sessions.remove(delete.session());
            case StoreWrite.PutStream put ->
                session.streams.computeIfAbsent(put.record().number(), _ -> new Stream(put.record())).record =
                        put.record();
            case StoreWrite.DeleteStream delete -> session.streams.remove(delete.stream());
            case StoreWrite.AppendEvent append -> {
                Stream stream = session.streams.get(append.stream());
                if (stream != null && append.event().sequence() > stream.lastSequence()) {
                    stream.everAppended.add(append.event());
                }
            }
            case StoreWrite.MoveUpstreamCursor move -> {
                Stream stream = session.streams.get(move.stream());
                if (stream != null) {
                    stream.moved = move;
                }
            }
            case StoreWrite.TrimStream trim -> {
                Stream stream = session.streams.get(trim.stream());
                if (stream != null) {
                    long through = Math.min(trim.throughSequence(), stream.lastSequence());
                    stream.trimmedThrough = Math.max(stream.trimmedThrough, through);
                }
            }
        }
    }

    boolean expire(SessionId id, long idleSinceMillis) {
        Session session = sessions.get(id);
        if (session == null || session.activity.lastActiveMillis() > idleSinceMillis) {
            return false;
        }
        sessions.remove(id);
        return true;
    }
}
