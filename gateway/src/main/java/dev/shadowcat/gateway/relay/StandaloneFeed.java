package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.upstream.UpstreamCall;
import dev.shadowcat.gateway.upstream.UpstreamFailure;
import dev.shadowcat.gateway.upstream.UpstreamListener;
import dev.shadowcat.memory.Footprint;
import dev.shadowcat.memory.Measured;
import dev.shadowcat.session.EventStream;
import dev.shadowcat.session.NewestEvents;
import dev.shadowcat.session.SessionLoop;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The upstream's standalone stream of a session: opened when a client first asks for it, opened again with its cursor whenever
 * it is lost, closed some time after the last client has left. The session's loop only.
 */
final class StandaloneFeed implements UpstreamListener, Runnable, Measured {
    private static final long PAUSE_MILLIS = 250; // after a stream that ended in good order
    private static final long LONGEST_PAUSE_MILLIS = 10_000;
    private static final long HEAD_MILLIS = 1_000; // some servers send no head before their first event
    private static final short NO_STREAM = 405; // 2025-11-25, basic/transports, Listening for Messages from the Server
    private static final int NOT_IMPLEMENTED = 501; // with which some servers say the same
    private static final Offer OPEN = new Offer(200, EmptyHttpHeaders.INSTANCE);

    private final RelaySession session;
    private final Upstream target;
    private @Nullable KeptHeaders headers;
    private @Nullable UpstreamCall call;
    private @Nullable UpstreamFeed feed;
    private @Nullable Consumer<Offer> asked;
    private SessionLoop.@Nullable Timer pause;
    private SessionLoop.@Nullable Timer headTimer;
    private SessionLoop.@Nullable Timer linger;
    private @Nullable Pauses pauses; // null while the upstream is there
    private int generation; // that the connection belongs to
    private short refusal; // the status that the upstream refuses the stream with; 0 where it does not
    private boolean connecting;

    /**
     * What the upstream said to who asked for its stream.
     *
     * @param status 200, or what it refuses the stream with
     * @param headers of a refusal
     */
    record Offer(int status, HttpHeaders headers) {}

    StandaloneFeed(RelaySession session, Upstream target) {
        this.session = session;
        this.target = target;
    }

    boolean open() {
        return call != null || feed != null || connecting || pause != null;
    }

    /** A client wants the stream; {@code then} hears whether there is one. */
    void want(HttpHeaders clientHeaders, Consumer<Offer> then) {
        headers = session.relay().headerKeeper().keep(session.headers(target, clientHeaders));
        stopLinger();
        if (refusal != 0 && generation == session.generation()) {
            then.accept(new Offer(refusal, EmptyHttpHeaders.INSTANCE));
            return;
        }
        if (open() || session.stream(EventStream.STANDALONE) != null) {
            then.accept(OPEN); // it was there before: what is missing comes when the upstream is back
            if (!open()) {
                attempt();
            }
            return;
        }
        asked = then;
        headTimer = session.loop().after(HEAD_MILLIS, () -> answer(OPEN));
        attempt();
    }

    private void answer(Offer offer) {
        Consumer<Offer> told = asked;
        asked = null;
        if (headTimer != null) {
            headTimer.cancel();
            headTimer = null;
        }
        if (told != null) {
            told.accept(offer);
        }
    }

    /** A client has left: where no other is attached, the upstream's connection stays for a while. */
    void clientLeft() {
        if (linger == null && open() && !attached()) {
            long millis =
                    session.relay().settings().streams().standaloneLinger().toMillis();
            linger = session.loop().after(millis, this::lingered);
        }
    }

    private void lingered() {
        linger = null;
        if (!attached()) { // else one came that had asked before the other left
            close();
            session.relay().sessions().settled(session);
        }
    }

    private boolean attached() {
        EventStream stream = session.stream(EventStream.STANDALONE);
        return stream != null && stream.client() != null;
    }

    private void stopLinger() {
        if (linger != null) {
            linger.cancel();
            linger = null;
        }
    }

    /** There is a new upstream session: its stream begins anew. */
    void regenerated() {
        if (headers != null && (open() || session.stream(EventStream.STANDALONE) != null)) {
            disconnect();
            attempt();
        }
    }

    /** The session is over: whoever still waits for the upstream's answer is told so. */
    void sessionEnded() {
        close();
        answer(new Offer(404, EmptyHttpHeaders.INSTANCE));
    }

    void close() {
        stopLinger();
        disconnect();
    }

    private void disconnect() {
        connecting = false;
        if (pause != null) {
            pause.cancel();
            pause = null;
        }
        if (call != null) {
            call.close();
            call = null;
        }
        dropFeed();
    }

    private void dropFeed() {
        if (feed != null) {
            feed.release();
            feed = null;
        }
    }

    /** What came cannot be read on; perhaps it can where it begins anew. */
    @Override
    public void run() {
        disconnect();
        again();
    }

    private void attempt() {
        pause = null;
        if (session.deleted() || headers == null) {
            return;
        }
        connecting = true;
        generation = session.generation();
        EventStream stream = session.standalone();
        if (stream.upstreamCursor() == null) {
            connect(null);
            return;
        }
        if (stream.stored() < stream.newest()) {
            pause(20);
            return;
        }
        long newest = stream.newest();
        session.relay()
                .reader()
                .read(
                        session.loop(),
                        () -> NewestEvents.read(session.relay().store(), session.id(), EventStream.STANDALONE, newest),
                        this::connect,
                        unreadable -> again());
    }

    private void connect(@Nullable NewestEvents newest) {
        KeptHeaders own = headers;
        if (!connecting || own == null || session.deleted()) {
            return;
        }
        connecting = false;
        EventStream stream = session.standalone();
        HttpHeaders addressed = session.addressed(own.toHeaders());
        addressed.set(HttpHeaderNames.ACCEPT, "text/event-stream");
        addressed.remove(HttpHeaderNames.CONTENT_TYPE);
        String cursor = stream.upstreamCursor();
        if (cursor != null && newest != null && ForwardedHeaders.resumeAfter(addressed, cursor)) {
            stream.upstreamResumed(newest);
        }
        feed = null;
        call = target.get(session.nettyLoop().loop(), addressed, this);
    }

    @Override
    public void head(int answered, HttpHeaders received) {
        int status = answered == NOT_IMPLEMENTED ? NO_STREAM : answered;
        session.keepCookies(target, received);
        if (status == 200 && MessageExchange.isEventStream(received)) {
            feed = new UpstreamFeed(
                    session, session.standalone(), target.settings().maxEventBytes(), this);
            pauses = null;
            answer(OPEN);
            return;
        }
        UpstreamCall refused = call;
        call = null;
        if (refused != null) {
            refused.close();
        }
        if (status == StreamResume.CONFLICT) {
            session.relay().observer().upstreamConflicted();
            session.relay().observer().upstreamReconnected();
            pause(pauses().afterConflict());
            return;
        }
        if (status >= 500 && status != 503) {
            again();
            return;
        }
        Offer refusedWith = new Offer(status, received.copy());
        if (Healing.suspect(status) && session.state().upstreamSession() != null && headers != null) {
            session.healing()
                    .refused(
                            target,
                            generation,
                            status,
                            headers.toHeaders(),
                            null,
                            outcome -> healed(refusedWith, outcome));
            return;
        }
        refuse(refusedWith);
    }

    private void healed(Offer refusedWith, Healing.Outcome outcome) {
        switch (outcome) {
            case RESEND -> {
                if (!open()) {
                    attempt();
                }
            }
            case PASS_ON, TOO_MANY -> refuse(refusedWith);
            case ENDED -> answer(new Offer(404, EmptyHttpHeaders.INSTANCE));
        }
    }

    /** The upstream has no such stream, or none for these credentials. */
    private void refuse(Offer refusedWith) {
        if (refusedWith.status() == NO_STREAM) {
            refusal = NO_STREAM;
        }
        if (asked != null) {
            answer(refusedWith);
            return;
        }
        if (refusedWith.status() != NO_STREAM) {
            again();
        }
    }

    @Override
    public void data(ByteBuf bytes) {
        if (feed != null) {
            feed.feed(bytes, call);
        }
    }

    @Override
    public void end() {
        call = null;
        UpstreamFeed ended = feed;
        if (ended == null) {
            pause(PAUSE_MILLIS);
            return;
        }
        ended.whenSettled(() -> {
            dropFeed();
            pause(Math.max(ended.retryMillis(), PAUSE_MILLIS));
        });
    }

    @Override
    public void failed(UpstreamFailure failure) {
        call = null;
        answer(OPEN);
        UpstreamFeed broken = feed;
        if (broken == null) {
            again();
            return;
        }
        broken.whenSettled(() -> {
            dropFeed();
            again();
        });
    }

    /** Its headers are shared by sessions whose clients send the same. */
    @Override
    public void measure(Footprint footprint) {
        footprint.add(this).add(pauses).measured(call).measured(feed);
    }

    private void again() {
        connecting = false;
        session.relay().observer().upstreamReconnected();
        pause(pauses().afterFailure());
    }

    private Pauses pauses() {
        if (pauses == null) {
            pauses = new Pauses(LONGEST_PAUSE_MILLIS);
        }
        return pauses;
    }

    private void pause(long millis) {
        connecting = false;
        if (pause == null && !session.deleted() && (asked != null || attached())) {
            pause = session.loop().after(millis, this::attempt);
        }
    }
}
