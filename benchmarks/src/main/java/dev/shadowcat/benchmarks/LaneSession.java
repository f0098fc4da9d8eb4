package dev.shadowcat.benchmarks;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.persist.Completion;
import dev.shadowcat.persist.Lane;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StreamRecord;
import java.util.ArrayDeque;

/** A session with one stream that offers events by its lane, and checks that each is stored once and in order. On its loop. */
final class LaneSession implements Completion {
    /** Is told of each stored event. */
    interface Listener {
        /**
         * An event is stored, or went with its session.
         *
         * @param dueNanos when it was due
         */
        void stored(long dueNanos);
    }

    static final int STREAM = 0;

    private final SessionId id;
    private final Lane lane;
    private final Listener listener;
    private final long keep;
    private final ArrayDeque<Long> due = new ArrayDeque<>();
    private long offered;
    private long trimmed;
    private long disorder;
    private volatile long stored; // written on the loop

    /** @param keep events of the stream that retention keeps */
    LaneSession(SessionId id, Lane lane, long keep, Listener listener) {
        this.id = id;
        this.lane = lane;
        this.keep = keep;
        this.listener = listener;
    }

    void begin() {
        long now = System.currentTimeMillis();
        lane.offer(StoredSessions.session(id, now), Completion.NOBODY);
        lane.offer(StoredSessions.stream(id, STREAM, now, StreamRecord.Phase.OPEN), Completion.NOBODY);
    }

    void offer(byte[] message, long dueNanos) {
        offered++;
        due.addLast(dueNanos);
        lane.offer(
                new StoreWrite.AppendEvent(
                        id, STREAM, new Event(offered, System.currentTimeMillis(), 1, false, null, message)),
                this);
        if (offered - trimmed > keep + keep / 10) { // the slack that the gateway's streams have
            trimmed = offered - keep;
            lane.offer(new StoreWrite.TrimStream(id, STREAM, trimmed), Completion.NOBODY);
        }
    }

    /** Ends the session: what of it was stored goes, and what waits is discarded. */
    void delete() {
        lane.close(new StoreWrite.DeleteSession(id), Completion.NOBODY);
    }

    @Override
    public void stored(StoreWrite write) {
        long sequence = ((StoreWrite.AppendEvent) write).event().sequence();
        if (sequence != stored + 1) {
            disorder++;
        }
        stored = sequence;
        listener.stored(due.removeFirst());
    }

    @Override
    public void refused(StoreWrite write, String reason) {
        listener.stored(due.removeFirst()); // discarded with its session: nobody waits for it any more
    }

    SessionId id() {
        return id;
    }

    /** The newest stored event. Any thread. */
    long stored() {
        return stored;
    }

    long offered() {
        return offered;
    }

    /** Events that were stored out of their order. */
    long disorder() {
        return disorder;
    }
}
