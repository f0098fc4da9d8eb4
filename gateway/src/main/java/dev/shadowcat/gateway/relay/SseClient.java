package dev.shadowcat.gateway.relay;

import dev.shadowcat.event.EventId;
import dev.shadowcat.gateway.http.Exchange;
import dev.shadowcat.gateway.http.ExchangeListener;
import dev.shadowcat.gateway.http.StreamedResponse;
import dev.shadowcat.mcp.ProtocolVersions;
import dev.shadowcat.memory.Footprint;
import dev.shadowcat.observe.Replay;
import dev.shadowcat.session.ClientStream;
import dev.shadowcat.session.EventSink;
import dev.shadowcat.session.EventStream;
import dev.shadowcat.sse.SseEncoder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A client's connection while it carries a stream: events out, news of the connection in. */
final class SseClient implements EventSink, ExchangeListener {
    private final RelaySession session;
    private final Exchange exchange;
    private final boolean longLived;
    private final boolean primes;
    private @Nullable StreamedResponse response; // none until the head is written
    private @Nullable Consumer<SseClient> opening; // what goes out before everything else

    @Nullable
    SseClient previous; // of the loop's heartbeats

    @Nullable
    SseClient next; // likewise

    private @Nullable ClientStream client;
    private boolean primed;
    private boolean over;
    private long lastWriteMillis;

    private SseClient(RelaySession session, Exchange exchange, boolean longLived) {
        this.session = session;
        this.exchange = exchange;
        this.longLived = longLived;
        this.primes = ProtocolVersions.primes(session.protocolVersion());
        this.lastWriteMillis = session.relay().passedMillis();
        exchange.listener(this);
        session.relay().heartbeats(session.loop()).add(this);
        session.clientCame();
    }

    /**
     * For one that comes to a stream. Sends the head and the first bytes at once, so that whoever waits for either in between
     * lets them through; only a client whose first events have to be read waits for these, and is told where they cannot be.
     *
     * @param opening writes what comes before everything else
     */
    static SseClient coming(RelaySession session, Exchange exchange, Consumer<SseClient> opening) {
        SseClient client = new SseClient(session, exchange, true);
        client.opening = opening;
        return client;
    }

    /**
     * Sends the head with the first event, priming or flush. A client whose connection breaks before the head knows that its
     * request failed; one that has a head but no id yet would wait for the rest for ever.
     */
    static SseClient waiting(RelaySession session, Exchange exchange) {
        return new SseClient(session, exchange, false);
    }

    private StreamedResponse response() {
        StreamedResponse begun = response;
        if (begun != null) {
            return begun;
        }
        HttpHeaders headers = Answers.headers();
        headers.set(HttpHeaderNames.CONTENT_TYPE, "text/event-stream");
        headers.set(HttpHeaderNames.CACHE_CONTROL, "no-cache, no-transform");
        headers.set("x-accel-buffering", "no");
        headers.set(ForwardedHeaders.SESSION, session.id().toString());
        begun = exchange.startStream(200, headers, longLived);
        response = begun;
        begun.write(Unpooled.wrappedBuffer(SseEncoder.retry(session.relay().retryMillis())));
        Consumer<SseClient> first = opening;
        opening = null;
        if (first != null) {
            first.accept(this);
        }
        return begun;
    }

    /** Serves a stream from here on, after a cursor. */
    void serve(EventStream served, long after) {
        serve(served, new ClientStream(served, this, after));
    }

    /**
     * The same for a client that asked for the stream itself, be it back or new.
     *
     * @param gap whether it has been told that some of what follows its cursor is gone
     * @param follower of its way through what it missed; null where it is new, or nobody follows
     */
    void attach(EventStream served, long after, boolean gap, @Nullable Replay follower) {
        ClientStream attached = new ClientStream(served, this, after);
        if (gap) {
            attached.gapTold();
        }
        if (follower != null) {
            attached.followed(follower);
        }
        serve(served, attached);
    }

    private void serve(EventStream served, ClientStream attached) {
        client = attached;
        served.attach(attached);
        if (opening != null && !attached.reading()) {
            flush();
        }
    }

    private void write(byte[] bytes) {
        write(Unpooled.wrappedBuffer(bytes));
    }

    private void write(ByteBuf bytes) {
        lastWriteMillis = session.relay().passedMillis();
        response().write(bytes);
    }

    @Override
    public boolean writable() {
        return response == null || response.writable();
    }

    @Override
    public void event(int number, long sequence, byte[] message) {
        primed = true;
        write(SseEncoder.event(new EventId(number, sequence).toString(), message));
    }

    @Override
    public void notice(byte[] message) {
        write(SseEncoder.event(null, message));
    }

    @Override
    public void priming(int number, long sequence) {
        if (primes && !primed && !over) {
            primed = true;
            write(SseEncoder.priming(new EventId(number, sequence).toString(), -1));
        }
    }

    @Override
    public void cursor(int number, long sequence) {
        if (primes && !over) {
            primed = true;
            write(SseEncoder.priming(new EventId(number, sequence).toString(), -1));
        }
    }

    @Override
    public void gap(int number, long sequence) {
        if (!over) {
            session.gapNotices(number == EventStream.STANDALONE).forEach(this::notice);
            cursor(number, sequence);
        }
    }

    /** Whether the answer has ended, or the client left. */
    boolean over() {
        return over;
    }

    /** Whoever came to a stream has its id already, or waits for no answer. */
    @Override
    public boolean resumable() {
        return primed || longLived;
    }

    @Override
    public void flush() {
        if (!over) {
            response().flush();
        }
    }

    @Override
    public void finish() {
        if (!over) {
            StreamedResponse ended = response(); // with what comes before everything else: who has left writes nothing
            leave();
            ended.flush();
            ended.finish();
        }
    }

    @Override
    public void abort() {
        if (over) {
            return;
        }
        leave();
        if (opening != null) { // nothing was said yet, and nothing was asked of the upstream
            Answers.busy(exchange, "The events of this stream cannot be read now");
            return;
        }
        response().abort();
    }

    @Override
    public void measure(Footprint footprint) {
        footprint.add(this).measured(response);
    }

    private void leave() {
        over = true;
        session.clientLeft();
        session.relay().heartbeats(session.loop()).remove(this);
        StandaloneFeed feed = session.standaloneFeed();
        if (feed != null && client != null && client.stream().standalone()) {
            feed.clientLeft();
        }
        session.relay().sessions().settled(session);
    }

    @Override
    public void clientGone() {
        session.loop().run(() -> {
            if (!over) {
                if (client != null) {
                    client.stream().detach(client);
                }
                leave();
            }
        });
    }

    /** The connection takes more again. */
    @Override
    public void writableAgain() {
        session.loop().run(() -> {
            if (client != null && !over) {
                client.pump();
            }
        });
    }

    /** Keeps a quiet connection open and its session in use, and cuts one that takes nothing. The session's loop. */
    void beat(long now, long heartbeatMillis, long slowSince) {
        if (client != null && client.stalledSince(slowSince)) {
            client.stream().detach(client);
            session.relay().observer().slowClientCut();
            abort();
            return;
        }
        session.attended();
        if (now - lastWriteMillis >= heartbeatMillis && writable()) {
            session.relay().observer().heartbeatSent();
            write(SseEncoder.keepalive());
            flush();
        }
    }

    /** Tells the client to come back, and ends the answer. */
    void sendAway(long retryMillis) {
        if (!over) {
            response();
            if (client != null) {
                client.stream().sendAway();
                client.stream().detach(client);
            }
            write(SseEncoder.retry(retryMillis));
            finish();
        }
    }
}
