package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.http.Exchange;
import dev.shadowcat.gateway.http.ExchangeListener;
import dev.shadowcat.mcp.McpErrors;
import dev.shadowcat.mcp.MessageEditor;
import dev.shadowcat.mcp.Messages;
import dev.shadowcat.mcp.ProtocolVersions;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.persist.OnStoreFailure;
import dev.shadowcat.session.Call;
import dev.shadowcat.session.EventStream;
import dev.shadowcat.session.SessionLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The client's side of a POST: it waits, and then reads its answer as a stream, which begins when the store knows it, or gets it plainly. The
 * session's loop only.
 */
final class PostAnswer implements ExchangeListener {
    private static final long PRIMING_MILLIS = 250;

    private final RelaySession session;
    private final PostExchange exchange;
    private final List<Call> calls;
    private @Nullable EventStream stream; // the client may have yet to be told of it
    private @Nullable SseClient client; // where it reads the stream
    private SessionLoop.@Nullable Timer storeWait; // until the store knows the stream that the upstream answers with
    private boolean streamedByUpstream;
    private boolean begun; // as a stream
    private boolean clientGone;

    PostAnswer(RelaySession session, PostExchange exchange, List<Call> calls) {
        this.session = session;
        this.exchange = exchange;
        this.calls = calls;
        exchange.listener(this);
    }

    /** Of a stream that was put anew, for which its client comes back by itself. */
    PostAnswer(RelaySession session, PostExchange exchange, List<Call> calls, EventStream stream) {
        this.session = session;
        this.exchange = exchange;
        this.calls = calls;
        this.stream = stream;
        this.begun = true;
    }

    /** The stream that it goes as; null where it may still go plainly. */
    @Nullable
    EventStream stream() {
        return stream;
    }

    /** From here on it can be resumed: the client gets a stream, whatever the upstream will answer. */
    void becomeStream() {
        if (stream == null) {
            stream = session.openStream(calls, this::opened);
        }
    }

    /** Whether the client has got nothing yet, and is there. */
    private boolean waits() {
        return !begun && !clientGone;
    }

    private void opened() {
        EventStream opened = stream;
        stopStoreWait();
        if (opened == null || !waits()) {
            return;
        }
        if (session.deleted()) {
            sessionEnded();
            return;
        }
        begun = true;
        SseClient reader = SseClient.waiting(session, exchange);
        client = reader;
        reader.serve(opened, 0);
        if (session.relay().sendsAway()) {
            reader.sendAway(session.relay().awayMillis());
            return;
        }
        opened.whenRecordStored(() -> primeSoon(opened, reader));
    }

    private void primeSoon(EventStream opened, SseClient reader) {
        if (!streamedByUpstream) {
            prime(opened, reader);
            return;
        }
        // An id that the client holds must be worth something after a crash: wait for the upstream's own, if it gives
        // any.
        opened.whenCursorStored(() -> prime(opened, reader));
        session.loop().after(PRIMING_MILLIS, () -> prime(opened, reader));
    }

    private static void prime(EventStream opened, SseClient reader) {
        reader.priming(opened.number(), 0);
        if (reader.resumable()) { // a head alone would outlast a kill of this process as an answer without its end
            reader.flush();
        }
    }

    /**
     * What comes as a stream goes through the store. Where events wait for that one the client does too: a server that can be
     * resumed leaves no call in doubt. Where they are sent on unstored, a store that does not return at all is a bound.
     *
     * @param notStored runs where the client waited for too long: no id can be given that the store does not know, so nothing of the
     *     answer can be given either
     */
    void upstreamStreams(Runnable notStored) {
        streamedByUpstream = true;
        boolean sentOn = session.relay().storeFailure().onFailure() == OnStoreFailure.DELIVER;
        if (sentOn && waits() && storeWait == null) {
            storeWait = StoreWait.beginWhereSentOn(session.relay(), session.nettyLoop(), () -> {
                storeWait = null;
                if (waits()) {
                    notStored.run();
                }
            });
        }
    }

    private void stopStoreWait() {
        if (storeWait != null) {
            storeWait.cancel();
            storeWait = null;
        }
    }

    /**
     * The stream that the client reads; null where it is told plainly. A stream that it has not been told of, since the store does not
     * know it yet, ends without an answer: what is known is said plainly instead.
     */
    @Nullable
    EventStream toldStream() {
        EventStream untold = stream;
        if (untold != null && waits()) {
            stopStoreWait();
            stream = null;
            untold.withdraw();
        }
        return stream;
    }

    /** Ends it with nothing in it: its client took all of its requests back. */
    void endEmpty() {
        if (waits()) {
            begun = true;
            stopStoreWait();
            SseClient.waiting(session, exchange).finish();
        }
    }

    /** Whether its client is there, and has no id yet to come back with. */
    boolean owesWhoHasNoId() {
        SseClient reader = client;
        return !clientGone && (reader == null ? !begun : !reader.resumable() && !reader.over());
    }

    /** The session is gone: a client that reads a stream hears of it there, one that waits here. */
    void sessionEnded() {
        stopStoreWait();
        EventStream untold = stream;
        if (begun) {
            return;
        }
        if (untold != null && waits() && isPutAnew()) {
            begun = true;
            Exchange resumed = new ResumedPost(
                    exchange, untold.number(), () -> session.loop().run(this::tellEnd));
            // By then this node has begun to take the session anew.
            session.loop()
                    .execute(() -> exchange.loop().execute(() -> new McpEndpoint(session.relay()).handle(resumed)));
        } else {
            tellEnd();
        }
    }

    /**
     * Whether the stream may be had where another store took the place of the one that the session was held in: there its number is
     * nobody else's. A client without an id in advance would have a head, and nothing to come back with.
     */
    private boolean isPutAnew() {
        return session.isLost() && session.storeReplaced() && ProtocolVersions.primes(session.protocolVersion());
    }

    /** It was sent, so nobody may say that it was not processed. */
    private void tellEnd() {
        if (session.isLost()) {
            session.relay().observer().outcomeUnknown();
        }
        fail(502, session.isLost() ? EventStream.GOES_ON_ELSEWHERE : EventStream.SESSION_ENDED, "unknown");
    }

    /** Answers with an error, plainly: each request of a batch has its own. */
    void fail(int status, String reason, String outcome) {
        Map<String, ?> data = Map.of("outcome", outcome);
        if (calls.size() < 2) {
            RequestId id = calls.isEmpty() ? null : calls.getFirst().clientId();
            Answers.error(exchange, status, id, McpErrors.SERVER_ERROR, reason, data);
            return;
        }
        List<byte[]> errors = new ArrayList<>(calls.size());
        for (Call call : calls) {
            errors.add(Messages.error(call.clientId(), McpErrors.SERVER_ERROR, reason, data));
        }
        Answers.json(exchange, status, Answers.headers(), MessageEditor.batch(errors));
    }

    /** Leaving is not cancelling: what is under way goes on. */
    @Override
    public void clientGone() {
        session.loop().run(() -> clientGone = true);
    }
}
