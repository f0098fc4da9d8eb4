package dev.shadowcat.gateway.relay;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.gateway.http.Exchange;
import dev.shadowcat.gateway.http.ExchangeListener;
import dev.shadowcat.gateway.http.StreamedResponse;
import dev.shadowcat.gateway.node.OtherNodes;
import dev.shadowcat.gateway.upstream.UpstreamCall;
import dev.shadowcat.gateway.upstream.UpstreamFailure;
import dev.shadowcat.gateway.upstream.UpstreamListener;
import dev.shadowcat.gateway.upstream.UpstreamRequest;
import dev.shadowcat.gateway.upstream.UpstreamRequest.Reuse;
import dev.shadowcat.mcp.McpErrors;
import dev.shadowcat.mcp.Messages;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.observe.ForwardFailure;
import dev.shadowcat.session.EventStream;
import dev.shadowcat.session.SessionLoop;
import dev.shadowcat.sse.SseEncoder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One request of a client sent on to the node that holds its session, or that goes on where this one stops, and the answer back as it
 * comes. A client that leaves leaves that node as well. The loop of the client's connection only.
 */
final class Forwarding implements UpstreamListener, ExchangeListener {
    private static final long HEAD_MILLIS = 15_000; // a call may take longer, a stream begins at once
    private static final int FIRST_OF_NO_SUCCESS = 300;
    private static final ByteBuf ID =
            Unpooled.unreleasableBuffer(Unpooled.copiedBuffer("id: ", StandardCharsets.US_ASCII));

    private final Relay relay;
    private final Nodes nodes;
    private final @Nullable SessionId session;
    private final String address;
    private final Exchange asked;
    private final Exchange exchange; // the same without its operations
    private final Consumer<String> unprocessed;
    private final boolean reads;
    private SessionLoop.@Nullable Timer
            timer; // until an answer begins, where it is to come at once or that node has lost the session
    private @Nullable UpstreamCall call;
    private @Nullable Whole whole; // an answer whose length is known, until its body has come, or comes in pieces
    private @Nullable StreamedResponse response;
    private @Nullable Drain drain;
    private boolean eventStream;
    private boolean resumable; // the client has an id
    private boolean betweenEvents = true; // as far as it was passed on
    private boolean misdirected;
    private volatile boolean begun; // the answer
    private boolean over;

    /** An answer that is passed on in one piece. */
    private static final class Whole {
        private final int status;
        private final HttpHeaders headers;
        private final int length;
        private ByteBuf body = Unpooled.EMPTY_BUFFER;

        private Whole(int status, HttpHeaders headers, int length) {
            this.status = status;
            this.headers = headers;
            this.length = length;
        }
    }

    /**
     * @param session that it names; null where it is to begin one
     * @param unprocessed runs with a reason where that node has not processed the request, and another try may
     */
    Forwarding(
            Relay relay,
            Nodes nodes,
            @Nullable SessionId session,
            String address,
            Exchange asked,
            Consumer<String> unprocessed) {
        this.relay = relay;
        this.nodes = nodes;
        this.session = session;
        this.address = address;
        this.asked = asked;
        this.exchange = PostExchange.elsewhere(asked);
        this.unprocessed = unprocessed;
        this.reads = HttpMethod.GET.equals(exchange.method());
    }

    void start() {
        nodes.forwarded().add(this);
        exchange.listener(this);
        HttpHeaders headers = ForwardedHeaders.toNode(exchange.headers());
        headers.set(OtherNodes.HEADER, nodes.others().word());
        headers.set(OtherNodes.FROM, nodes.others().self());
        if (nodes.stopping()) {
            headers.set(OtherNodes.STOPS, "1");
        }
        UpstreamRequest request = new UpstreamRequest(
                exchange.method(),
                exchange.path() + exchange.query(),
                headers,
                exchange.body().retainedDuplicate(),
                Reuse.RECENT,
                reads);
        if (reads) {
            timer = relay.loop(exchange.loop())
                    .after(HEAD_MILLIS, () -> giveUp(ForwardFailure.SILENT, "it does not answer"));
        }
        call = nodes.others().at(address).send(exchange.loop(), request, this);
    }

    @Override
    public void head(int status, HttpHeaders received) {
        begun = true;
        stopTimer();
        if (!nodes.others().vouches(received.get(OtherNodes.HEADER))) {
            giveUp(ForwardFailure.STRANGER, "what answers there is no node of this store");
            return;
        }
        if (nodes.others().vouches(received.get(OtherNodes.MISDIRECTED))) {
            misdirected = true;
            if (received.contains(OtherNodes.STOPS)) {
                nodes.stopsToo(address);
            }
            return;
        }
        relay.observer().forwarded();
        if (status < FIRST_OF_NO_SUCCESS && session != null) {
            nodes.holders().holds(address, session);
        }
        eventStream = MessageExchange.isEventStream(received);
        HttpHeaders headers = ForwardedHeaders.fromNode(received);
        int length = received.getInt(HttpHeaderNames.CONTENT_LENGTH, -1);
        if (length < 0 || eventStream) {
            response = exchange.startStream(status, headers, reads);
        } else {
            whole = new Whole(status, headers, length);
        }
    }

    @Override
    public void data(ByteBuf bytes) {
        Whole coming = whole;
        if (coming != null) {
            if (bytes.readableBytes() == coming.length) {
                coming.body = bytes.retainedSlice();
                return;
            }
            whole = null;
            response = exchange.startStream(coming.status, coming.headers, reads);
        }
        StreamedResponse begun = response;
        if (begun != null && !over) {
            betweenEvents = endsEvent(bytes);
            if (eventStream && !resumable && ByteBufUtil.indexOf(ID, bytes) >= 0) {
                resumable = true;
                stopDrain();
            }
            begun.write(bytes.retainedSlice());
            begun.flush();
            if (!begun.writable() && call != null) {
                call.reading(false);
            }
        }
    }

    /** Whether an event ends with these bytes; what nodes send ends its lines in one way. */
    private static boolean endsEvent(ByteBuf bytes) {
        int end = bytes.writerIndex();
        return bytes.readableBytes() >= 2 && bytes.getByte(end - 1) == '\n' && bytes.getByte(end - 2) == '\n';
    }

    @Override
    public void writableAgain() {
        if (call != null) {
            call.reading(true);
        }
    }

    @Override
    public void end() {
        Whole came = whole;
        whole = null;
        leave();
        if (came != null) {
            exchange.respond(came.status, came.headers, came.body);
        } else if (misdirected) {
            relay.observer().forwardFailed(ForwardFailure.MISDIRECTED);
            forget();
            unprocessed.accept("the node that held the session holds it no longer");
        } else if (response != null) {
            response.finish();
        }
    }

    private void forget() {
        if (session != null) {
            nodes.holders().forget(session);
        }
    }

    /** The session that is asked for; null where it is to begin. Any thread. */
    @Nullable
    SessionId session() {
        return session;
    }

    /** Where it was sent. Any thread. */
    String address() {
        return address;
    }

    /** Whether nothing has come of an answer. Any thread. */
    boolean waits() {
        return !begun;
    }

    /** That node answers nothing, though its lease goes on. Any thread. */
    void unheard() {
        exchange.loop().execute(() -> {
            if (!begun) {
                giveUp(ForwardFailure.SILENT, "it answers nothing");
            }
        });
    }

    /**
     * That node has no lease any more, though its connections may stay open: it may stand still for ever. Where it stops in good order it
     * still says what became of a request, so one that only it can know of waits for that, as long as a lease. Any thread.
     *
     * @param answers whether that node was heard of just now
     */
    void moved(boolean answers) {
        exchange.loop().execute(() -> {
            if (begun || reads || !answers) {
                lapsed();
            } else if (timer == null && !over) {
                timer = relay.loop(exchange.loop()).after(nodes.lease().length().toMillis(), this::lapsed);
            }
        });
    }

    private void lapsed() {
        giveUp(ForwardFailure.LAPSED, "its lease has run out");
    }

    private void giveUp(ForwardFailure why, String reason) {
        if (over) {
            return;
        }
        UpstreamCall lost = call;
        if (lost != null) {
            lost.close();
        }
        failed(why, new UpstreamFailure(UpstreamFailure.Fate.UNANSWERED, reason));
    }

    private void stopTimer() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }

    @Override
    public void failed(UpstreamFailure failure) {
        boolean never = failure.fate() == UpstreamFailure.Fate.NEVER_SENT;
        failed(never ? ForwardFailure.UNREACHABLE : ForwardFailure.LOST, failure);
    }

    private void failed(ForwardFailure why, UpstreamFailure failure) {
        leave();
        relay.observer().forwardFailed(why);
        forget();
        boolean never = failure.fate() == UpstreamFailure.Fate.NEVER_SENT;
        if (response != null) {
            nodes.unanswered(address, failure.reason());
            breakOff(response);
        } else if (never || reads || misdirected) {
            nodes.askedInVain(address, failure.reason());
            nodes.stopsToo(address);
            unprocessed.accept(
                    "the node at " + address + " holds the session and cannot be reached: " + failure.reason());
        } else {
            nodes.unanswered(address, failure.reason());
            answerUnknown("The node that holds the session was lost after the request was sent to it. Whether it was"
                    + " processed is unknown.");
        }
    }

    private void answerUnknown(String reason) {
        relay.observer().outcomeUnknown();
        Answers.error(
                exchange,
                502,
                PostExchange.requestId(asked),
                McpErrors.SERVER_ERROR,
                reason,
                Map.of("outcome", "unknown"));
    }

    @Override
    public void clientGone() {
        leave();
        if (call != null) {
            call.close();
        }
    }

    private void stopDrain() {
        if (drain != null) {
            drain.remove();
            drain = null;
        }
    }

    private void leave() {
        over = true;
        stopTimer();
        stopDrain();
        nodes.forwarded().remove(this);
        if (whole != null) {
            whole.body.release();
            whole = null;
        }
    }

    /** This node stops: answers are waited for, those that are streams only until the client can go on with them elsewhere. Any thread. */
    void drain(Drain stopping) {
        stopping.add();
        exchange.loop().execute(() -> {
            if (over || reads || resumable || drain != null) {
                stopping.remove();
            } else {
                drain = stopping;
            }
        });
    }

    /**
     * This node stops: the client is to go on at another one. Any thread.
     *
     * @param retryMillis what it is told to wait, where it is not in the middle of an event
     */
    void sendAway(long retryMillis) {
        exchange.loop().execute(() -> {
            StreamedResponse begun = response;
            if (over) {
                return;
            }
            clientGone();
            if (begun == null) {
                answerAtStop();
                return;
            }
            boolean goesOn = reads || resumable;
            if (!eventStream || (!goesOn && !betweenEvents)) {
                begun.abort(); // half an answer must not look like a whole one
                return;
            }
            if (!goesOn) {
                tellUnknown(begun);
            }
            if (betweenEvents) {
                begun.write(Unpooled.wrappedBuffer(SseEncoder.retry(retryMillis)));
            }
            begun.finish();
        });
    }

    private void answerAtStop() {
        if (reads || misdirected) {
            Answers.busy(exchange, "This node stops");
        } else {
            answerUnknown("This node stopped while another one had the request. Whether it was processed is unknown.");
        }
    }

    /** The rest of an answer does not come: who has an id comes back for it, and who waits for an event hears what is known. */
    private void breakOff(StreamedResponse begun) {
        if (eventStream && betweenEvents && !reads && !resumable) {
            tellUnknown(begun);
            begun.finish();
        } else {
            begun.abort();
        }
    }

    /** Nothing of the answer has come yet, and the client has no id to come back with. */
    private void tellUnknown(StreamedResponse begun) {
        for (RequestId request : PostExchange.requestIds(asked)) {
            relay.observer().outcomeUnknown();
            byte[] error = Messages.error(
                    request, McpErrors.SERVER_ERROR, EventStream.GOES_ON_ELSEWHERE, Map.of("outcome", "unknown"));
            begun.write(Unpooled.wrappedBuffer(SseEncoder.event(null, error)));
        }
    }
}
