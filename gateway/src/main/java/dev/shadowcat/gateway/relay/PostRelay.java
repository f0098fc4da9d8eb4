package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.upstream.UpstreamCall;
import dev.shadowcat.gateway.upstream.UpstreamFailure;
import dev.shadowcat.gateway.upstream.UpstreamListener;
import dev.shadowcat.gateway.upstream.UpstreamRequest.Reuse;
import dev.shadowcat.mcp.McpErrors;
import dev.shadowcat.mcp.McpMethod;
import dev.shadowcat.mcp.Message;
import dev.shadowcat.mcp.MessageReader;
import dev.shadowcat.mcp.ProtocolVersions;
import dev.shadowcat.memory.Footprint;
import dev.shadowcat.memory.Measured;
import dev.shadowcat.observe.ErrorType;
import dev.shadowcat.session.Call;
import dev.shadowcat.session.EventStream;
import dev.shadowcat.session.SessionLoop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One POST of a client on its way through a session: out to the upstream, and what comes back into its {@link PostAnswer}. Each of its
 * requests ends in exactly one answer. The session's loop only.
 */
final class PostRelay implements UpstreamListener, Measured {
    private static final long FIRST_PAUSE_MILLIS = 100;
    private static final long MAX_PAUSE_MILLIS = 1_000;
    private static final String NOT_STORED =
            "The request was sent to the MCP server, but the store takes nothing now, so that its"
                    + " answer cannot be given. Whether it was processed is unknown.";

    private RelaySession session; // another one once it was taken anew
    private final Upstream target;
    private final PostExchange exchange;
    private final HttpHeaders headers;
    private final byte[] body;
    private List<Call> calls;
    private PostAnswer answer;
    private final boolean recent;

    @Nullable
    PostRelay older; // of the session's list

    private @Nullable UpstreamCall call;
    private @Nullable UpstreamFeed feed;
    private SessionLoop.@Nullable Timer slow; // until it becomes a stream
    private SessionLoop.@Nullable Timer linger; // for an upstream that does not end its answer
    private SessionLoop.@Nullable Timer answerTimer;
    private @Nullable CollectedBody plain;
    private @Nullable List<Runnable> came; // while its session is taken anew
    private HttpHeaders answerHeaders = EmptyHttpHeaders.INSTANCE; // the upstream's own, never changed
    private int status;
    private int generation;
    private long giveUpAtMillis;
    private long pauseMillis = FIRST_PAUSE_MILLIS;
    private boolean sentTwice;
    private boolean over;
    private boolean holdsSlot;

    /** Its calls and its stream are its session's to add. */
    @Override
    public void measure(Footprint footprint) {
        footprint
                .add(this)
                .add(answer)
                .array(body.length, Byte.BYTES)
                .measured(call)
                .measured(feed);
    }

    /** @param calls its requests; where it has any, it also has one of the upstream's slots, and gives it back */
    PostRelay(RelaySession session, Upstream target, PostExchange exchange, byte[] body, List<Call> calls) {
        this.session = session;
        this.target = target;
        this.exchange = exchange;
        this.headers = session.headers(target, exchange.headers());
        this.body = body;
        this.calls = calls;
        this.answer = new PostAnswer(session, exchange, calls);
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
        if (waits(this::tooLate) || over || status != 0) {
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
        return !calls.isEmpty() && answer.stream() == null;
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

    private void becomeStream() {
        slow = null;
        if (!over) {
            answer.becomeStream();
        }
    }

    @Override
    public void head(int answered, HttpHeaders received) {
        if (waits(() -> head(answered, received))) {
            return;
        }
        status = answered;
        stopAnswerTimer();
        answerHeaders = received;
        session.keepCookies(target, received);
        if (answered == 200 && !calls.isEmpty() && MessageExchange.isEventStream(received)) {
            stopSlow();
            becomeStream();
            EventStream opened = answer.stream();
            if (opened != null) {
                feed = new UpstreamFeed(session, opened, target.settings().maxEventBytes(), this::leave);
                answer.upstreamStreams(this::notStored);
            }
            return;
        }
        plain = new CollectedBody();
    }

    private void notStored() {
        close(ErrorType.CLOSED);
        session.relay().observer().outcomeUnknown();
        fail(503, NOT_STORED, "unknown"); // without Retry-After: to send it again may do it twice
    }

    @Override
    public void data(ByteBuf bytes) {
        if (came != null) {
            ByteBuf copy = Unpooled.copiedBuffer(bytes);
            came.add(() -> data(copy));
            return;
        }
        if (feed != null) {
            feed.feed(bytes, call);
            EventStream fed = answer.stream();
            if (fed != null && fed.ended() && !over) {
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
        if (waits(this::end)) {
            return;
        }
        call = null;
        if (feed != null) {
            brokenOff(feed.retryMillis());
            return;
        }
        byte[] received = plain == null ? new byte[0] : plain.take();
        if (status >= 200 && status < 300) {
            answered(received);
            return;
        }
        refused(received);
    }

    private void answered(byte[] received) {
        if (calls.isEmpty()) {
            finish();
            Answers.empty(exchange, 202);
            return;
        }
        Message message = MessageReader.read(received);
        if (message instanceof Message.Malformed malformed) {
            exchange.upstreamFailed(ErrorType.INVALID_ANSWER);
            fail(502, "The MCP server's answer cannot be read: " + malformed.reason(), "unknown");
            return;
        }
        EventStream opened = answer.toldStream();
        if (opened != null) {
            opened.receive(null, received);
            opened.fail(
                    McpErrors.INTERNAL_ERROR, PlainAnswer.LEFT_OUT, Map.of("outcome", "unknown")); // what is still open
            finish();
            return;
        }
        byte[] shown = PlainAnswer.shown(received, message, calls, session, generation);
        if (shown == null) {
            fail(502, PlainAnswer.LEFT_OUT, "unknown");
            return;
        }
        respond(status, shown);
    }

    /** The upstream answered with an HTTP error: a lost session is healed, anything else passed on. */
    private void refused(byte[] received) {
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
                            outcome -> healed(outcome, refusedWith, received));
            return;
        }
        passOn(status, received);
    }

    private void healed(Healing.Outcome outcome, int refusedWith, byte[] received) {
        switch (outcome) {
            case RESEND -> send();
            case PASS_ON -> passOn(refusedWith, received);
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

    private void passOn(int refusedWith, byte[] received) {
        EventStream opened = answer.toldStream();
        if (opened != null) {
            opened.fail(
                    McpErrors.SERVER_ERROR,
                    "The MCP server answered with HTTP status " + refusedWith + ".",
                    Map.of("status", refusedWith, "body", excerpt(received)));
            finish();
            return;
        }
        respond(refusedWith, received);
    }

    private static String excerpt(byte[] received) {
        return new String(received, 0, Math.min(received.length, 500), StandardCharsets.UTF_8);
    }

    private void respond(int answered, byte[] received) {
        finish();
        HttpHeaders forwarded = Answers.passed(session.relay(), target, answerHeaders);
        forwarded.set(ForwardedHeaders.SESSION, session.id().toString());
        exchange.respond(answered, forwarded, Unpooled.wrappedBuffer(received));
    }

    @Override
    public void failed(UpstreamFailure failure) {
        if (waits(() -> failed(failure))) {
            return;
        }
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
        EventStream unfinished = answer.stream();
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
        EventStream opened = answer.toldStream();
        if (opened != null) {
            opened.fail(McpErrors.SERVER_ERROR, reason, Map.of("outcome", outcome));
            finish();
            return;
        }
        finish();
        calls.forEach(each -> each.operation().failed(McpErrors.SERVER_ERROR, reason));
        answer.fail(httpStatus, reason, outcome);
    }

    /** The client took a request of this POST back: it hears nothing more, and the upstream has a little while to end. */
    void cancelled(Call cancelled) {
        EventStream opened = answer.stream();
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
        answer.endEmpty();
        if (opened == null) {
            over = true;
            stopSlow();
        }
        long millis = session.relay().settings().streams().cancelledLinger().toMillis();
        session.loop().after(millis, this::leave);
    }

    /**
     * Another server took the place of the store's, and the session is about to be taken anew there: what has not begun to come as a
     * stream can come on the same connection, and nobody could ask for it again. It becomes a stream, for which its client can come back.
     *
     * @return whether it is kept, until {@link #goOn} or {@link #giveUp}
     */
    boolean keep() {
        if (over
                || call == null
                || feed != null
                || calls.isEmpty()
                || !ProtocolVersions.primes(session.protocolVersion())) {
            return false;
        }
        answer.becomeStream();
        EventStream opened = answer.stream();
        if (opened == null || !opened.keep()) {
            return false;
        }
        if (slow != null) {
            stopSlow();
            awaitAnswer(0);
        }
        came = new ArrayList<>();
        call.reading(false); // beyond what has come by now
        return true;
    }

    /** Whether something is put off until the session was taken anew. */
    private boolean waits(Runnable task) {
        if (came == null) {
            return false;
        }
        came.add(task);
        return true;
    }

    /** The number of the stream that it goes as; it changes where the store may never have known it. */
    int streamNumber() {
        EventStream opened = answer.stream();
        return opened == null ? EventStream.STANDALONE : opened.number();
    }

    /** The session is lost here, and its client is to find the one that takes its place. */
    void goesOnElsewhere() {
        answer.sessionEnded();
    }

    /** What is kept goes on in the session that takes the place of its own, into that one's stream. */
    void goOn(RelaySession next, EventStream stream) {
        session = next;
        calls = List.copyOf(stream.open());
        answer = new PostAnswer(next, exchange, calls, stream);
        List<Runnable> waited = came == null ? List.of() : came;
        came = null;
        for (Runnable each : waited) {
            if (!over) {
                each.run();
            }
        }
        if (call != null) {
            call.reading(true);
        }
    }

    /** What was kept is of no use to anybody. */
    void giveUp() {
        came = null;
        leave();
    }

    /** The session is gone: the upstream is left, and its client is told. */
    void sessionEnded() {
        leave();
        answer.sessionEnded();
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
        EventStream opened = answer.stream();
        if (opened == null) {
            return !over && !calls.isEmpty();
        }
        return answer.owesWhoHasNoId() || (!opened.ended() && opened.upstreamCursor() == null);
    }

    /** The gateway stops: who goes on with it finds the upstream free. */
    void leaveToOthers() {
        if (answer.stream() != null && !lostOtherwise()) {
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
        if (answer.stream() == null) {
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
}
