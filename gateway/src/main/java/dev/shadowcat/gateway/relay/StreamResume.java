package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.telemetry.Work;
import dev.shadowcat.gateway.upstream.UpstreamCall;
import dev.shadowcat.gateway.upstream.UpstreamFailure;
import dev.shadowcat.gateway.upstream.UpstreamListener;
import dev.shadowcat.observe.ErrorType;
import dev.shadowcat.session.Call;
import dev.shadowcat.session.EventStream;
import dev.shadowcat.session.NewestEvents;
import dev.shadowcat.session.SessionLoop;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import org.jspecify.annotations.Nullable;

/**
 * Fetches the rest of an answer from an upstream that gives event ids, after the connection it came on was lost: again and
 * again, until the answer is there or nothing new has come for the time that a request may wait. The session's loop only.
 */
final class StreamResume implements UpstreamListener {
    /** The upstream still sees an earlier connection. */
    static final int CONFLICT = 409;

    private static final long SILENCE_MILLIS = 10_000;
    private static final long LONGEST_PAUSE_MILLIS = 2_000;

    private final RelaySession session;
    private final Upstream target;
    private final EventStream stream;
    private final HttpHeaders headers;
    private final Pauses pauses = new Pauses(LONGEST_PAUSE_MILLIS);
    private long giveUpAtMillis; // unless the upstream is there by then
    private long endAtMillis; // unless something new comes by then
    private long seenNewest;
    private boolean closed; // a pause or a look at the store may still be under way
    private SessionLoop.@Nullable Timer silence;
    private @Nullable UpstreamCall call;
    private @Nullable UpstreamFeed feed;
    private Work work = Work.NONE; // of the attempt under way

    StreamResume(RelaySession session, Upstream target, EventStream stream, HttpHeaders headers) {
        this.session = session;
        this.target = target;
        this.stream = stream;
        this.headers = headers;
        this.giveUpAtMillis = deadline();
        this.endAtMillis = endOfPatience();
    }

    private long endOfPatience() {
        return session.relay().passedMillis()
                + target.settings().answerTimeout().toMillis();
    }

    private long deadline() {
        return session.relay().passedMillis()
                + session.relay().settings().streams().unknownOutcome().toMillis();
    }

    /** Begins after a pause, as the upstream asked for one; 0 for none. */
    void start(long pauseMillis) {
        session.add(this);
        after(pauseMillis);
    }

    private void after(long millis) {
        session.loop().after(Math.max(1, millis), this::attempt);
    }

    private void attempt() {
        if (closed || stream.ended() || session.deleted()) {
            close();
            return;
        }
        long now = session.relay().passedMillis();
        if (now >= giveUpAtMillis || now >= endAtMillis) {
            giveUp();
            return;
        }
        if (stream.stored() < stream.newest()) {
            after(20); // the ids to compare with are not all in the store yet
            return;
        }
        long newest = stream.newest();
        session.relay()
                .reader()
                .read(
                        session.loop(),
                        () -> NewestEvents.read(session.relay().store(), session.id(), stream.number(), newest),
                        this::connect,
                        unreadable -> again());
    }

    private void connect(NewestEvents newest) {
        if (closed || stream.ended()) { // left, or its client took the last request back, while the store was read
            close();
            return;
        }
        String cursor = stream.upstreamCursor();
        HttpHeaders addressed = session.addressed(headers);
        if (cursor == null || session.deleted() || !ForwardedHeaders.resumeAfter(addressed, cursor)) {
            giveUp();
            return;
        }
        stream.upstreamResumed(newest);
        session.relay().observer().upstreamReconnected();
        addressed.set(HttpHeaderNames.ACCEPT, "text/event-stream");
        addressed.remove(HttpHeaderNames.CONTENT_TYPE);
        feed = null;
        work = session.relay()
                .operations()
                .upstreamResume(stream.origin(), target.peer(), session.id(), stream.number());
        work.inject(addressed);
        call = target.get(session.nettyLoop().loop(), addressed, this);
        listen();
    }

    /**
     * Asks anew where nothing comes: some servers replay what they have stored and then say nothing on a resumed stream, though
     * the call goes on and its events are stored; the next GET brings them. One that is accepted and not answered ends here too.
     */
    private void listen() {
        seenNewest = stream.newest();
        silence = session.loop().after(SILENCE_MILLIS, () -> {
            silence = null;
            UpstreamCall silent = call;
            if (silent == null) {
                return;
            }
            if (stream.newest() > seenNewest) {
                listen();
                return;
            }
            call = null;
            releaseFeed();
            feed = null;
            silent.close();
            ended(ErrorType.TIMEOUT.text());
            attempt();
        });
    }

    private void ended(@Nullable String errorType) {
        work.end(errorType);
        work = Work.NONE;
    }

    private void stopListening() {
        if (silence != null) {
            silence.cancel();
            silence = null;
        }
    }

    @Override
    public void head(int status, HttpHeaders received) {
        session.keepCookies(target, received);
        if (status == 200 && MessageExchange.isEventStream(received)) {
            feed = new UpstreamFeed(session, stream, target.settings().maxEventBytes(), this::close);
            giveUpAtMillis = deadline();
            pauses.accepted();
            return;
        }
        stopListening();
        UpstreamCall refused = call;
        call = null;
        if (refused != null) {
            refused.close();
        }
        ended(Integer.toString(status));
        if (status == CONFLICT) {
            session.relay().observer().upstreamConflicted(); // it still sees the old socket
            after(pauses.afterConflict());
            return;
        }
        if (status >= 500) {
            again(); // it is not up yet
            return;
        }
        giveUp();
    }

    boolean serves(Call wanted) {
        return stream.open().contains(wanted);
    }

    /** The client took a request back: it hears nothing more, and the upstream has a little while to end. */
    void cancelled(Call cancelled) {
        stream.cancel(cancelled);
        if (stream.ended()) {
            long millis = session.relay().settings().streams().cancelledLinger().toMillis();
            session.loop().after(millis, this::close);
        }
    }

    private void giveUp() {
        close();
        session.unlessDeleted(() -> session.failUnknown(stream));
    }

    /** Leaves the upstream; nothing comes of it any more. */
    void close() {
        closed = true;
        session.remove(this);
        stopListening();
        releaseFeed();
        ended(null);
        UpstreamCall open = call;
        call = null;
        if (open != null) {
            open.close();
        }
    }

    @Override
    public void data(ByteBuf bytes) {
        if (feed != null) {
            UpstreamFeed fed = feed;
            fed.feed(bytes, call);
            fed.whenSettled(() -> took(fed));
        }
    }

    private void took(UpstreamFeed fed) {
        if (fed.progressed()) {
            giveUpAtMillis = deadline();
            endAtMillis = endOfPatience();
            pauses.progressed();
        }
        if (stream.ended()) {
            close();
        }
    }

    private void releaseFeed() {
        if (feed != null) {
            feed.release();
        }
    }

    @Override
    public void end() {
        call = null;
        stopListening();
        ended(null);
        UpstreamFeed fed = feed;
        if (fed == null) {
            again();
            return;
        }
        fed.whenSettled(() -> {
            took(fed); // what waited for the store may have been the last of it
            fed.release();
            if (stream.ended()) {
                return;
            }
            if (fed.progressed()) {
                after(fed.retryMillis());
            } else {
                again();
            }
        });
    }

    @Override
    public void failed(UpstreamFailure failure) {
        call = null;
        stopListening();
        ended(failure.fate().errorType().text());
        UpstreamFeed fed = feed;
        if (fed == null) {
            again();
            return;
        }
        fed.whenSettled(() -> {
            took(fed);
            fed.release();
            if (!stream.ended()) {
                again();
            }
        });
    }

    private void again() {
        after(pauses.afterFailure());
    }
}
