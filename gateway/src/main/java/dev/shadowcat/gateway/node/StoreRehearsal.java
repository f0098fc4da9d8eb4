package dev.shadowcat.gateway.node;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.session.NewestEvents;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.CredentialBinding;
import dev.shadowcat.store.Owner;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.SessionRecord;
import dev.shadowcat.store.SessionState;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StreamRecord;
import dev.shadowcat.store.StreamRecord.Phase;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does once, with a session of its own, what a node does with the store when it takes others' sessions over. The first time costs a JVM a
 * quarter of a second, for what it has to load and link, and hundreds of clients would wait for that at once. Blocks; before the
 * persistence worker appends anything.
 */
public final class StoreRehearsal {
    private static final Logger log = LoggerFactory.getLogger(StoreRehearsal.class);
    private static final int STREAM = 1;
    private static final int EVENTS = 3;

    private final SharedStore store;
    private final SessionId session;
    private final String upstream;
    private final long nowMillis;

    /**
     * @param session an id that nobody uses
     * @param upstream the name of one that is configured, so that nodes know what to do with the session should this one be killed
     * @param nowMillis wall-clock time, milliseconds since the epoch
     */
    public StoreRehearsal(SharedStore store, SessionId session, String upstream, long nowMillis) {
        this.store = store;
        this.session = session;
        this.upstream = upstream;
        this.nowMillis = nowMillis;
    }

    /**
     * Leaves nothing in the store; where that fails for longer, or this node is killed meanwhile, perhaps a session that nobody knows, which
     * expires as others do. A failure is told and not repeated: the store takes writes later, or readiness says why not.
     */
    public void run() {
        try {
            appendAll();
            takeUp();
        } catch (StoreException failed) {
            log.warn("The store did not do at start what a node asks of it: {}", failed.getMessage());
            forget();
        }
    }

    private void forget() {
        try {
            append(List.of(new StoreWrite.DeleteSession(session)));
        } catch (StoreException kept) {
            log.debug("The session of the rehearsal may stay until it expires: {}", kept.getMessage());
        }
    }

    private void appendAll() {
        append(List.of(new StoreWrite.PutSession(record(), state(), activity())));
        append(List.of(
                new StoreWrite.PutSessionState(session, state()),
                new StoreWrite.PutStream(session, stream(Phase.OPEN))));
        for (int sequence = 1; sequence <= EVENTS; sequence++) {
            append(List.of(new StoreWrite.AppendEvent(session, STREAM, event(sequence))));
        }
        append(List.of(
                new StoreWrite.MoveUpstreamCursor(session, STREAM, EVENTS, "rehearsed"),
                new StoreWrite.TouchSession(session, activity()),
                new StoreWrite.TrimStream(session, STREAM, 1)));
    }

    /** In the order of a take-over. */
    private void takeUp() {
        store.claim(session);
        store.session(session);
        store.streams(session);
        store.stream(session, STREAM);
        NewestEvents.read(store, session, STREAM, EVENTS).repeats(1);
        append(List.of(
                new StoreWrite.PutStream(session, stream(Phase.FINISHED)),
                new StoreWrite.DeleteStream(session, STREAM)));
        append(List.of(new StoreWrite.DeleteSession(session)));
    }

    private void append(List<StoreWrite> batch) {
        AppendOutcome outcome = store.append(batch);
        if (!(outcome instanceof AppendOutcome.Stored)) {
            throw new StoreException(
                    outcome instanceof AppendOutcome.Busy busy ? busy.reason() : outcome.toString(), null);
        }
    }

    private SessionRecord record() {
        byte[] initialize = "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\"}".getBytes(StandardCharsets.UTF_8);
        return new SessionRecord(session, upstream, nowMillis, "2025-11-25", List.of("tools"), initialize);
    }

    private SessionState state() {
        return new SessionState(
                1, null, null, true, null, List.of(), CredentialBinding.NONE, 0, store.bootEpoch(), Owner.ONLY);
    }

    private SessionActivity activity() {
        return new SessionActivity(nowMillis, 0);
    }

    private StreamRecord stream(Phase phase) {
        return new StreamRecord(STREAM, nowMillis, 1, List.of(), phase, Owner.ONLY);
    }

    private Event event(long sequence) {
        byte[] message = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\"}".getBytes(StandardCharsets.UTF_8);
        return new Event(sequence, nowMillis, 1, false, Long.toString(sequence), message);
    }
}
