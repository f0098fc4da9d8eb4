package dev.shadowcat.benchmarks;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StreamRecord;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What the store of the replay benchmark holds: sessions with one finished stream each, a few of them long. The same in each
 * process, so that the one who fills it and the one who replays it agree.
 */
final class ReplayStore {
    static final int STREAM = 1;

    private static final int LONG_STREAMS = 10;
    private static final int MIDDLE_STREAMS = 100;
    private static final int LONG_EVENTS = 10_000;
    static final int MIDDLE_EVENTS = 1_000;
    private static final int BATCH = 500;
    private static final int EVENT_BYTES = 300;

    private final List<SessionId> sessions = new ArrayList<>();
    private final int events;

    ReplayStore(int sessions, int events) {
        SplittableRandom random = new SplittableRandom(11);
        for (int session = 0; session < sessions; session++) {
            this.sessions.add(SessionId.mint(random));
        }
        this.events = events;
    }

    /** The sessions whose stream has 10,000 events. */
    List<SessionId> longOnes() {
        return sessions.subList(0, LONG_STREAMS);
    }

    /** The sessions whose stream has 1,000 events. */
    List<SessionId> middleOnes() {
        return sessions.subList(LONG_STREAMS, LONG_STREAMS + MIDDLE_STREAMS);
    }

    int eventsOf(SessionId session) {
        return longOnes().contains(session) ? LONG_EVENTS : MIDDLE_EVENTS;
    }

    private int length(int index) {
        if (index < LONG_STREAMS) {
            return LONG_EVENTS;
        }
        if (index < LONG_STREAMS + MIDDLE_STREAMS) {
            return MIDDLE_EVENTS;
        }
        int rest = events - LONG_STREAMS * LONG_EVENTS - MIDDLE_STREAMS * MIDDLE_EVENTS;
        int others = sessions.size() - LONG_STREAMS - MIDDLE_STREAMS;
        return rest / others + (index - LONG_STREAMS - MIDDLE_STREAMS < rest % others ? 1 : 0);
    }

    /** Is given each event of the store. */
    interface Sink {
        /** An event of a session's stream, by the session's index. */
        void event(int session, Event event);
    }

    /** Fills a store, the sessions in turn, as events come in life. Returns how many events that made. */
    long fill(EventStore store) {
        begin(store);
        List<StoreWrite> batch = new ArrayList<>();
        long written = each((session, event) -> {
            batch.add(new StoreWrite.AppendEvent(sessions.get(session), STREAM, event));
            append(store, batch);
        });
        flush(store, batch);
        return written;
    }

    /** Stores the sessions, each with its stream, without events. */
    void begin(EventStore store) {
        long now = System.currentTimeMillis();
        List<StoreWrite> batch = new ArrayList<>();
        for (SessionId session : sessions) {
            batch.add(StoredSessions.session(session, now));
            batch.add(StoredSessions.stream(session, STREAM, now, StreamRecord.Phase.FINISHED));
            append(store, batch);
        }
        flush(store, batch);
    }

    /** Gives each event, the sessions in turn, as events come in life. Returns how many events that made. */
    long each(Sink sink) {
        long now = System.currentTimeMillis();
        List<Integer> unfinished = new ArrayList<>();
        for (int index = 0; index < sessions.size(); index++) {
            unfinished.add(index);
        }
        long given = 0;
        SplittableRandom random = new SplittableRandom(12);
        for (int sequence = 1; !unfinished.isEmpty(); sequence++) {
            int number = sequence;
            unfinished.removeIf(index -> number > length(index));
            for (int index : unfinished) {
                boolean answer = number == length(index);
                sink.event(index, new Event(number, now, 1, answer, null, message(number, answer, random)));
                given++;
            }
        }
        return given;
    }

    /** In the order of their indexes. */
    List<SessionId> sessions() {
        return List.copyOf(sessions);
    }

    private static byte[] message(int number, boolean answer, SplittableRandom random) {
        String head = answer
                ? "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"n\":"
                : "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"info\",\"data\":{\"n\":";
        String tail = answer ? "\"}}" : "\"}}}";
        String start = head + number + ",\"pad\":\"";
        byte[] padding = new byte[(EVENT_BYTES - start.length() - tail.length()) * 3 / 4];
        random.nextBytes(padding);
        String pad = Base64.getUrlEncoder().withoutPadding().encodeToString(padding);
        return (start + pad + tail).getBytes(StandardCharsets.US_ASCII);
    }

    private static void append(EventStore store, List<StoreWrite> batch) {
        if (batch.size() >= BATCH) {
            flush(store, batch);
        }
    }

    private static void flush(EventStore store, List<StoreWrite> batch) {
        if (!(store.append(batch) instanceof AppendOutcome.Stored)) {
            throw new IllegalStateException("the store took no batch");
        }
        batch.clear();
    }
}
