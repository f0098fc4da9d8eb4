package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.http.Exchange;
import dev.shadowcat.gateway.upstream.UpstreamFailure;
import dev.shadowcat.gateway.upstream.UpstreamListener;
import dev.shadowcat.gateway.upstream.UpstreamRequest.Reuse;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;

/** A client ends its session: the upstream is told, then it is gone, whatever the upstream makes of it. */
final class Deletion implements UpstreamListener {
    private static final long WAIT_MILLIS = 5_000;
    private static final String NOT_YET =
            "The session has ended, but the store takes nothing now and has yet to forget it";
    private static final String NOT_TAKEN =
            "The store did not take the end of the session: another node may hold it now";

    private final RelaySession session;
    private final Upstream target;
    private final Exchange exchange;
    private boolean done;

    Deletion(RelaySession session, Upstream target, Exchange exchange) {
        this.session = session;
        this.target = target;
        this.exchange = exchange;
    }

    void start() {
        HttpHeaders headers = session.addressed(session.headers(target, exchange.headers()));
        session.relay().sessions().keep(session);
        session.deleting(true);
        session.loop().after(WAIT_MILLIS, this::delete);
        target.send(
                session.nettyLoop().loop(),
                HttpMethod.DELETE,
                headers,
                Unpooled.EMPTY_BUFFER,
                Reuse.RECENT,
                false,
                this);
    }

    @Override
    public void head(int status, HttpHeaders received) {
        if (status == 401 || status == 403) {
            done = true;
            session.deleting(false);
            session.relay().sessions().release(session);
            HttpHeaders headers = Answers.passed(session.relay(), target, received);
            exchange.respond(status, headers.remove(HttpHeaderNames.CONTENT_TYPE), Unpooled.EMPTY_BUFFER);
            return;
        }
        delete();
    }

    @Override
    public void data(ByteBuf bytes) {}

    @Override
    public void end() {}

    @Override
    public void failed(UpstreamFailure failure) {
        delete();
    }

    private void delete() {
        if (done) {
            return;
        }
        done = true;
        session.relay().sessions().release(session);
        if (session.deleted()) {
            Answers.over(session, exchange);
            return;
        }
        StoreWait wait = StoreWait.begin(session.relay(), session.nettyLoop(), () -> Answers.busy(exchange, NOT_YET));
        session.delete(
                () -> {
                    wait.cancel();
                    Answers.empty(exchange, 200); // nowhere, where the wait was too long
                },
                () -> {
                    wait.cancel();
                    Answers.busy(exchange, NOT_TAKEN);
                });
    }
}
