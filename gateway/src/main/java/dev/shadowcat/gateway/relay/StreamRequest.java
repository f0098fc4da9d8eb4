package dev.shadowcat.gateway.relay;

import dev.shadowcat.event.EventId;
import dev.shadowcat.gateway.http.Exchange;
import dev.shadowcat.gateway.http.ExchangeListener;
import dev.shadowcat.mcp.McpErrors;
import dev.shadowcat.mcp.Messages;
import dev.shadowcat.observe.Replay;
import dev.shadowcat.observe.Resumed;
import dev.shadowcat.session.EventStream;
import dev.shadowcat.session.Resumption;
import dev.shadowcat.store.StoredStream;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A client's GET: the standalone stream, or the rest of any stream after a cursor. The session's loop only. */
final class StreamRequest implements ExchangeListener {
    private final RelaySession session;
    private final Upstream target;
    private final Exchange exchange;
    private long skippedThrough; // among which the cursor lies; 0 where it does not
    private boolean gone;

    StreamRequest(RelaySession session, Upstream target, Exchange exchange) {
        this.session = session;
        this.target = target;
        this.exchange = exchange;
    }

    void start() {
        exchange.listener(this);
        String cursor = exchange.headers().get(ForwardedHeaders.LAST_EVENT_ID);
        if (cursor == null || cursor.isEmpty()) {
            standalone(session.standaloneCursor(), false);
            return;
        }
        Optional<EventId> id = EventId.parse(cursor);
        if (id.isEmpty()) {
            unknown("Last-Event-ID is not an id of this session");
            return;
        }
        if (session.hasSkipped()) {
            EventId at = id.get();
            read(() -> skippedThrough(at), through -> {
                skippedThrough = through;
                resume(at);
            });
            return;
        }
        resume(id.get());
    }

    /** Blocks on the store. */
    private long skippedThrough(EventId cursor) {
        return Resumption.skippedThrough(session.relay().store(), session.id(), cursor.stream(), cursor.sequence());
    }

    /** Asks the store something, and goes on where the client is still there and the session has not ended meanwhile. */
    private <T> void read(Supplier<T> question, Consumer<T> then) {
        session.relay().sessions().keep(session);
        session.relay()
                .reader()
                .read(
                        session.loop(),
                        question,
                        found -> {
                            if (!gone && session.deleted()) {
                                Answers.over(session, exchange);
                            } else if (!gone) {
                                then.accept(found);
                            }
                            session.relay().sessions().release(session);
                        },
                        reason -> {
                            Answers.busy(exchange, "The store cannot be read now: " + reason);
                            session.relay().sessions().release(session);
                        });
    }

    private void standalone(long after, boolean resumed) {
        session.standaloneFeed(target).want(exchange.headers(), offer -> {
            if (gone) {
                session.standaloneFeed(target).clientLeft();
                return;
            }
            if (session.deleted()) {
                Answers.over(session, exchange);
                return;
            }
            if (offer.status() != 200) {
                refuse(offer);
                return;
            }
            serve(session.standalone(), after, resumed);
        });
    }

    /** Without a stream, and with what the upstream wants to see first. */
    private void refuse(StandaloneFeed.Offer offer) {
        HttpHeaders headers = Answers.headers();
        headers.set(
                HttpHeaderNames.WWW_AUTHENTICATE,
                Answers.passed(session.relay(), target, offer.headers()).getAll(HttpHeaderNames.WWW_AUTHENTICATE));
        byte[] error = Messages.error(null, McpErrors.SERVER_ERROR, "The MCP server offers no such stream");
        Answers.json(exchange, offer.status(), headers, error);
    }

    private void resume(EventId cursor) {
        if (cursor.stream() == EventStream.STANDALONE) {
            standalone(cursor.sequence(), true);
            return;
        }
        EventStream known = session.stream(cursor.stream());
        if (known != null) {
            serve(known, cursor.sequence(), true);
            return;
        }
        boolean skipped = session.hasSkipped();
        read(() -> recall(cursor, skipped), recalled -> {
            skippedThrough = recalled.skippedThrough();
            serve(cursor, recalled.stream());
        });
    }

    private record Recalled(Optional<StoredStream> stream, long skippedThrough) {}

    /** What it was asked before it may have written since, and ended: so the stream first, and then what follows the cursor. Blocks. */
    private Recalled recall(EventId cursor, boolean skipped) {
        Optional<StoredStream> stream = session.relay().store().stream(session.id(), cursor.stream());
        return new Recalled(stream, skipped ? skippedThrough(cursor) : 0);
    }

    private void serve(EventId cursor, Optional<StoredStream> found) {
        if (found.isEmpty()) {
            unknown("Last-Event-ID names no stream of this session");
            return;
        }
        if (session.streams().size() >= session.relay().settings().limits().maxStreamsPerSession()) {
            Answers.busy(exchange, "Too many streams of this session are open (max-streams-per-session)");
            return;
        }
        serve(session.recall(found.get()), cursor.sequence(), true);
    }

    private void serve(EventStream stream, long after, boolean resumed) {
        switch (Resumption.of(stream, resumed ? after : Math.min(after, stream.newest()), skippedThrough)) {
            case Resumption.Unknown _ -> unknown("Last-Event-ID names no event of this session");
            case Resumption.Over _ -> {
                if (resumed) {
                    session.relay().observer().resumed(Resumed.OVER);
                }
                if (stream.client() == null) {
                    session.leaveMemory(stream);
                }
                Answers.empty(exchange, 405); // clients that got anything else came back for ever
            }
            case Resumption.Whole whole -> begin(stream, whole.after(), resumed, null);
            case Resumption.Gap gap -> begin(stream, gap.after(), resumed, gap);
        }
    }

    private void unknown(String why) {
        session.relay().observer().resumed(Resumed.UNKNOWN);
        Answers.error(exchange, 400, McpErrors.INVALID_REQUEST, why);
    }

    private void begin(EventStream stream, long after, boolean resumed, Resumption.@Nullable Gap gap) {
        long now = session.relay().passedMillis();
        if (stream.client() != null && !session.contest().mayReplace(stream.number(), now)) {
            Answers.error(exchange, 409, McpErrors.SERVER_ERROR, "Another client holds this stream");
            return;
        }
        Replay replay = resumed
                ? session.relay()
                        .operations()
                        .replay(exchange.headers(), stream.origin(), session.id(), stream.number(), gap != null)
                : null; // before the answer begins: then the headers are forgotten
        long cursor = gap != null && stream.standalone() ? Math.max(after, stream.trimmedThrough()) : after;
        SseClient client = SseClient.coming(session, exchange, begun -> {
            if (resumed) {
                session.relay().observer().resumed(gap != null ? Resumed.GAP : Resumed.WHOLE);
            }
            begun.priming(stream.number(), cursor);
            if (gap != null) {
                session.relay().observer().gapTold();
                session.gapNotices(stream.standalone()).forEach(begun::notice); // said so, never passed over
                if (gap.repeats()) {
                    session.repeatNotices().forEach(begun::notice);
                }
            }
        });
        client.attach(stream, after, gap != null, replay);
    }

    @Override
    public void clientGone() {
        session.loop().run(() -> gone = true);
    }
}
