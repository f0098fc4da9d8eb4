package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.http.ExchangeListener;
import dev.shadowcat.gateway.upstream.UpstreamCall;
import dev.shadowcat.gateway.upstream.UpstreamFailure;
import dev.shadowcat.gateway.upstream.UpstreamListener;
import dev.shadowcat.gateway.upstream.UpstreamRequest.Reuse;
import dev.shadowcat.mcp.McpErrors;
import dev.shadowcat.mcp.McpMethod;
import dev.shadowcat.mcp.Message;
import dev.shadowcat.mcp.MessageReader;
import dev.shadowcat.mcp.Messages;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.memory.Footprint;
import dev.shadowcat.memory.Measured;
import dev.shadowcat.observe.ErrorType;
import dev.shadowcat.persist.OnStoreFailure;
import dev.shadowcat.session.Call;
import dev.shadowcat.session.EventStream;
import dev.shadowcat.session.SessionLoop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One POST of a client on its way through a session: out to the upstream, and its answer back, as plain JSON or as a stream.
 * Each of its requests ends in exactly one answer. The session's loop only.
 */
final class PostRelay implements UpstreamListener, ExchangeListener, Measured {
    private static final long PRIMING_MILLIS = 250;
    private static final long FIRST_PAUSE_MILLIS = 100;
    private static final long MAX_PAUSE_MILLIS = 1_000;
    private static final String NOT_STORED =
            "The request was sent to the MCP server, but the store takes nothing now, so that its"
                    + " answer cannot be given. Whether it was processed is unknown.";

    private final RelaySession session;
    private final Upstream target;
    private final PostExchange exchange;
    private final HttpHeaders headers;
    private final byte[] body;
    private final List<Call> calls;
    private final boolean recent;

    @Nullable
    PostRelay older; // of the session's list

    private @Nullable UpstreamCall call;
    private @Nullable UpstreamFeed feed;
    private @Nullable EventStream stream;
    private SessionLoop.@Nullable Timer slow; // until it becomes a stream
    private SessionLoop.@Nullable Timer linger; // for an upstream that does not end its answer
    private SessionLoop.@Nullable Timer answerTimer;
    private SessionLoop.@Nullable Timer
            storeWait; // of a client whose answer comes as a stream that the store has yet to know
    private @Nullable CollectedBody plain;
    private HttpHeaders answerHeaders = EmptyHttpHeaders.INSTANCE; // the upstream's own, never changed
    private int status;
    private int generation;
    private long giveUpAtMillis;
    private long pauseMillis = FIRST_PAUSE_MILLIS;
    private @Nullable SseClient answer; // the client's, where it goes as a stream
    private boolean sentTwice;
    private boolean clientGone;
    private boolean told; // the client's answer has begun, as a stream
    private boolean over;
    private boolean holdsSlot;

    /** Its calls and its stream are its session's to add. */
    @Override
    public void measure(Footprint footprint) {
        footprint.add(this).array(body.length, Byte.BYTES).measured(call).measured(feed);
    }

    /** @param calls its requests; where it has any, it also has one of the upstream's slots, and gives it back */
    PostRelay(RelaySession session, Upstream target, PostExchange exchange, byte[] body, List<Call> calls) {
        this.session = session;
        this.target = target;
        this.exchange = exchange;
        this.headers = session.headers(target, exchange.headers());
        this.body = body;
        this.calls = calls;
        this.holdsSlot = !calls.isEmpty();
        this.recent = !allRead(calls);
    }

    private static boolean allRead(List<Call> calls) {
        for (Call each : calls) {
            if (!McpMethod.reads(each.method())) {
                return false;
            }
        }
        return true;
    }

    boolean serves(Call wanted) {
        return calls.contains(wanted);
    }

    void start() {
        session.add(this);
        exchange.listener(this);
        if (!calls.isEmpty()) {
            long millis = resumableAfter().toMillis();
            if (millis == 0) {
                becomeStream();
            } else {
                slow = session.nettyLoop().afterUsual(millis, () -> {
                    becomeStream();
                    awaitAnswer(millis);
                });
            }
        }
        send();
    }

    private Duration resumableAfter() {
        return session.relay().settings().streams().resumableAfter();
    }

    private void awaitAnswer(long waitedMillis) {
        long millis = target.settings().answerTimeout().toMillis();
        if (!over && status == 0 && answerTimer == null) {
            answerTimer = session.loop().after(Math.max(1, millis - waitedMillis), this::tooLate);
        }
    }

    private void tooLate() {
        answerTimer = null;
        if (over || status != 0) {
            return;
        }
        breakOff(ErrorType.TIMEOUT);
        session.relay().observer().outcomeUnknown();
        fail(
                504,
                "The MCP server did not begin an answer in time. Whether it processed the request is unknown.",
                "unknown");
    }

    /** Whether it may still become a stream. */
    boolean mayBecomeStream() {
        return !calls.isEmpty() && stream == null;
    }

    private void send() {
        if (over) {
            return;
        }
        generation = session.generation();
        status = 0;
        plain = null;
        if (slow == null
                || !target.settings().answerTimeout().minus(resumableAfter()).isPositive()) {
            awaitAnswer(0); // else later: few answers are so slow in coming that they need a second timer
        }
        HttpHeaders addressed = session.addressedInPlace(headers);
        byte[] sent = exchange.sending(session, target, calls, addressed, body);
        call = target.post(session.nettyLoop().loop(), addressed, sent, recent ? Reuse.RECENT : Reuse.POOLED, this);
    }

    /** From here on the answer can be resumed: the client gets a stream, whatever the upstream will answer. */
    private void becomeStream() {
        slow = null;
        if (stream == null && !over) {
            stream = session.openStream(calls, this::opened);
        }
    }

    private void opened() {
        EventStream opened = stream;
        stopStoreWait();
        if (opened == null || clientGone || told) {
            return;
        }
        if (session.deleted()) {
            tellEnd();
            return;
        }
        told = true;
        SseClient client = SseClient.waiting(session, exchange);
        answer = client;
        client.serve(opened, 0);
        if (session.relay().sendsAway()) {
            client.sendAway(session.relay().awayMillis());
            return;
        }
        opened.whenRecordStored(() -> primeSoon(opened, client));
    }

    private void primeSoon(EventStream opened, SseClient client) {
        if (feed == null) {
            prime(client);
            return;
        }
        // An id that the client holds must be worth something after a crash: wait for the upstream's own, if it gives
        // any.
        opened.whenCursorStored(() -> prime(client));
        session.loop().after(PRIMING_MILLIS, () -> prime(client));
    }

    private void prime(SseClient client) {
        EventStream opened = stream;
        if (opened != null) {
            client.priming(opened.number(), 0);
            if (client.resumable()) { // a head alone would outlast a kill of this process as an answer without its end
                client.flush();
            }
        }
    }

    @Override
    public void head(int answered, HttpHeaders received) {
        status = answered;
        stopAnswerTimer();
        answerHeaders = received;
        session.keepCookies(target, received);
        if (answered == 200 && !calls.isEmpty() && MessageExchange.isEventStream(received)) {
            stopSlow();
            becomeStream();
            EventStream opened = stream;
            if (opened != null) {
                feed = new UpstreamFeed(session, opened, target.settings().maxEventBytes(), this::leave);
                awaitStore();
            }
            return;
        }
        plain = new CollectedBody();
    }

    /**
     * What comes as a stream goes through the store. Where events wait for that one the client does too: a server that can be
     * resumed leaves no call in doubt. Where they are sent on unstored, a store that does not return at all is a bound.
     */
    private void awaitStore() {
        boolean sentOn = session.relay().storeFailure().onFailure() == OnStoreFailure.DELIVER;
        if (sentOn && !told && !clientGone && storeWait == null) {
            storeWait = StoreWait.beginWhereSentOn(session.relay(), session.nettyLoop(), this::notStored);
        }
    }

    /** No id can be given that the store does not know, so nothing of the answer can be given either. */
    private void notStored() {
        storeWait = null;
        if (!told && !clientGone) {
            close(ErrorType.CLOSED);
            session.relay().observer().outcomeUnknown();
            fail(503, NOT_STORED, "unknown"); // without Retry-After: to send it again may do it twice
        }
    }

    /**
     * The stream that the client's answer goes as; null where it goes plainly. A stream that the client has not been told of,
     * since the store does not know it yet, ends without an answer: what is known is said plainly instead.
     */
    private @Nullable EventStream toldStream() {
        EventStream untold = stream;
        if (untold != null && !told && !clientGone) {
            stopStoreWait();
            stream = null;
            untold.withdraw();
        }
        return stream;
    }

    private void stopStoreWait() {
        if (storeWait != null) {
            storeWait.cancel();
            storeWait = null;
        }
    }

    @Override
    public void data(ByteBuf bytes) {
        if (feed != null) {
            feed.feed(bytes, call);
            if (stream != null && stream.ended() && !over) {
                finish();
                linger = session.nettyLoop()
                        .afterAnswer(session.relay().settings().streams().cancelledLinger(), this::leave);
            }
            return;
        }
        CollectedBody collected = plain;
        if (collected == null) {
            return;
        }
        if (collected.length() + bytes.readableBytes() > target.settings().maxResponseBytes()) {
            breakOff(ErrorType.INVALID_ANSWER);
            fail(502, "The MCP server's answer is larger than max-response-bytes.", "unknown");
            return;
        }
        collected.add(bytes);
    }

    @Override
    public void end() {
        call = null;
        if (feed != null) {
            brokenOff(feed.retryMillis());
            return;
        }
        byte[] answer = plain == null ? new byte[0] : plain.take();
        if (status >= 200 && status < 300) {
            answered(answer);
            return;
        }
        refused(answer);
    }

    private void answered(byte[] answer) {
        if (calls.isEmpty()) {
            finish();
            Answers.empty(exchange, 202);
            return;
        }
        Message message = MessageReader.read(answer);
        if (message instanceof Message.Malformed malformed) {
            exchange.upstreamFailed(ErrorType.INVALID_ANSWER);
            fail(502, "The MCP server's answer cannot be read: " + malformed.reason(), "unknown");
            return;
        }
        EventStream opened = toldStream();
        if (opened != null) {
            opened.receive(null, answer);
            opened.fail(
                    McpErrors.INTERNAL_ERROR, PlainAnswer.LEFT_OUT, Map.of("outcome", "unknown")); // what is still open
            finish();
            return;
        }
        byte[] shown = PlainAnswer.shown(answer, message, calls, session, generation);
        if (shown == null) {
            fail(502, PlainAnswer.LEFT_OUT, "unknown");
            return;
        }
        respond(status, shown);
    }

    /** The upstream answered with an HTTP error: a lost session is healed, anything else passed on. */
    private void refused(byte[] answer) {
        exchange.upstreamRefused(status);
        if (Healing.suspect(status) && session.state().upstreamSession() != null) {
            int refusedWith = status;
            session.healing()
                    .refused(
                            target,
                            generation,
                            status,
                            headers,
                            exchange.operation(),
                            outcome -> healed(outcome, refusedWith, answer));
            return;
        }
        passOn(status, answer);
    }

    private void healed(Healing.Outcome outcome, int refusedWith, byte[] answer) {
        switch (outcome) {
            case RESEND -> send();
            case PASS_ON -> passOn(refusedWith, answer);
            case ENDED -> {
                finish();
                Answers.noSession(exchange);
            }
            case TOO_MANY ->
                fail(
                        502,
                        "The MCP server keeps forgetting its session. Is there a load balancer in front of it without"
                                + " session affinity?",
                        "never-processed");
        }
    }

    private void passOn(int refusedWith, byte[] answer) {
        EventStream opened = toldStream();
        if (opened != null) {
            opened.fail(
                    McpErrors.SERVER_ERROR,
                    "The MCP server answered with HTTP status " + refusedWith + ".",
                    Map.of("status", refusedWith, "body", excerpt(answer)));
            finish();
            return;
        }
        respond(refusedWith, answer);
    }

    private static String excerpt(byte[] answer) {
        return new String(answer, 0, Math.min(answer.length, 500), StandardCharsets.UTF_8);
    }

    private void respond(int answered, byte[] answer) {
        finish();
        HttpHeaders forwarded = Answers.passed(session.relay(), target, answerHeaders);
        forwarded.set(ForwardedHeaders.SESSION, session.id().toString());
        exchange.respond(answered, forwarded, Unpooled.wrappedBuffer(answer));
    }

    @Override
    public void failed(UpstreamFailure failure) {
        call = null;
        if (feed == null || failure.fate() != UpstreamFailure.Fate.BROKEN_OFF) { // else it may be resumed
            exchange.upstreamFailed(failure.fate().errorType());
        }
        switch (failure.fate()) {
            case NEVER_SENT -> sendAgain(failure);
            case UNANSWERED -> unanswered();
            case BROKEN_OFF -> {
                if (feed != null) {
                    brokenOff(0);
                } else {
                    unknown();
                }
            }
            case INVALID -> fail(502, "The MCP server's answer is not usable: " + failure.reason(), "unknown");
        }
    }

    /** It cannot have been processed, so it may go out again, whatever it is. */
    private void sendAgain(UpstreamFailure failure) {
        long now = session.relay().passedMillis();
        if (giveUpAtMillis == 0) {
            giveUpAtMillis =
                    now + session.relay().settings().streams().unknownOutcome().toMillis();
        }
        if (now >= giveUpAtMillis) {
            fail(502, "The MCP server cannot be reached: " + failure.reason(), "never-processed");
            return;
        }
        session.loop().after(pauseMillis, this::send);
        pauseMillis = Math.min(MAX_PAUSE_MILLIS, pauseMillis * 2);
    }

    private void unanswered() {
        if (!recent && !sentTwice) {
            sentTwice = true;
            send();
            return;
        }
        unknown();
    }

    private void unknown() {
        session.relay().observer().outcomeUnknown();
        fail(502, RelaySession.unknownOutcome(), "unknown");
    }

    /** The upstream's stream ended before every request was answered. */
    private void brokenOff(long pause) {
        EventStream unfinished = stream;
        finish();
        if (unfinished == null || unfinished.ended()) {
            return;
        }
        session.unlessDeleted(() -> {
            if (unfinished.upstreamCursor() == null) {
                session.failUnknown(unfinished);
            } else {
                new StreamResume(session, target, unfinished, headers).start(pause);
            }
        });
    }

    private void fail(int httpStatus, String reason, String outcome) {
        EventStream opened = toldStream();
        if (opened != null) {
            opened.fail(McpErrors.SERVER_ERROR, reason, Map.of("outcome", outcome));
            finish();
            return;
        }
        finish();
        calls.forEach(each -> each.operation().failed(McpErrors.SERVER_ERROR, reason));
        RequestId id = calls.size() == 1 ? calls.getFirst().clientId() : null;
        Answers.json(
                exchange,
                httpStatus,
                Answers.headers(),
                Messages.error(id, McpErrors.SERVER_ERROR, reason, Map.of("outcome", outcome)));
    }

    /** The client took a request of this POST back: it hears nothing more, and the upstream has a little while to end. */
    void cancelled(Call cancelled) {
        EventStream opened = stream;
        if (opened != null) {
            opened.cancel(cancelled);
        } else {
            session.closed(cancelled);
            cancelled.operation().cancelled();
        }
        boolean last = opened == null ? calls.size() == 1 : opened.ended();
        if (!last) {
            return;
        }
        if (!told && !clientGone) {
            told = true;
            stopStoreWait();
            SseClient.waiting(session, exchange).finish();
        }
        if (opened == null) {
            over = true;
            stopSlow();
        }
        long millis = session.relay().settings().streams().cancelledLinger().toMillis();
        session.loop().after(millis, this::leave);
    }

    /** The session is gone: the upstream is left, and a client that reads no stream is told; one that does, by that. */
    void sessionEnded() {
        stopStoreWait();
        leave();
        if (answer == null) {
            tellEnd();
        }
    }

    /** It was sent, so nobody may say that it was not processed. */
    private void tellEnd() {
        RequestId id = calls.size() == 1 ? calls.getFirst().clientId() : null;
        if (session.isLost()) {
            session.relay().observer().outcomeUnknown();
        }
        String reason = session.isLost() ? EventStream.GOES_ON_ELSEWHERE : EventStream.SESSION_ENDED;
        Answers.error(exchange, 502, id, McpErrors.SERVER_ERROR, reason, Map.of("outcome", "unknown"));
    }

    private void leave() {
        close(ErrorType.CLOSED);
        finish();
    }

    private void breakOff(ErrorType why) {
        close(why);
        exchange.upstreamFailed(why);
    }

    private void close(ErrorType why) {
        if (call != null) {
            call.close(why);
            call = null;
        }
    }

    /** Whether nobody could go on with it elsewhere: its server gives no ids, or its client waits and has none yet. */
    boolean lostOtherwise() {
        EventStream opened = stream;
        if (opened == null) {
            return !over && !calls.isEmpty();
        }
        boolean waits = !clientGone && (answer == null ? !told : !answer.resumable() && !answer.over());
        return waits || (!opened.ended() && opened.upstreamCursor() == null);
    }

    /** The gateway stops: who goes on with it finds the upstream free. */
    void leaveToOthers() {
        if (stream != null && !lostOtherwise()) {
            leave();
        }
    }

    private void finish() {
        over = true;
        stopAnswerTimer();
        stopSlow();
        stopLinger();
        if (feed != null) {
            feed.release();
        }
        if (holdsSlot) {
            holdsSlot = false;
            target.slots().release();
        }
        if (stream == null) {
            calls.forEach(session::closed);
        }
        session.remove(this);
    }

    private void stopAnswerTimer() {
        if (answerTimer != null) {
            answerTimer.cancel();
            answerTimer = null;
        }
    }

    private void stopSlow() {
        if (slow != null) {
            slow.cancel();
            slow = null;
        }
    }

    private void stopLinger() {
        if (linger != null) {
            linger.cancel();
            linger = null;
        }
    }

    /** Leaving is not cancelling: what is under way goes on. */
    @Override
    public void clientGone() {
        session.loop().run(() -> clientGone = true);
    }
}
