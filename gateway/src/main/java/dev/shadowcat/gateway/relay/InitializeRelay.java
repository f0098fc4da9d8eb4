package dev.shadowcat.gateway.relay;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.gateway.telemetry.ServerOperation;
import dev.shadowcat.mcp.Envelope;
import dev.shadowcat.mcp.InitializeResult;
import dev.shadowcat.mcp.McpErrors;
import dev.shadowcat.mcp.Message;
import dev.shadowcat.mcp.MessageEditor;
import dev.shadowcat.mcp.MessageReader;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.persist.Completion;
import dev.shadowcat.session.Call;
import dev.shadowcat.store.CredentialBinding;
import dev.shadowcat.store.Owner;
import dev.shadowcat.store.SessionRecord;
import dev.shadowcat.store.SessionState;
import dev.shadowcat.store.StoreWrite;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Begins a session: lets the upstream begin its own, stores the record, then answers under our id. */
final class InitializeRelay {
    private static final long CONNECT_MILLIS = 2_000;
    private static final int FIRST_STREAM_LIMIT = 1;
    private static final RequestId FRESH_ID = RequestId.ofText("shadowcat-initialize");

    private final Relay relay;
    private final Upstream target;
    private final PostExchange exchange;
    private final ServerOperation operation;
    private final byte[] request; // as the upstream gets it, whenever it has to begin the session anew
    private final RequestId id;
    private final RequestId upstreamId;
    private final NettyLoop loop;
    private boolean answered;
    private boolean offered; // to the store, or over
    private @Nullable Drain drain; // while the gateway stops

    InitializeRelay(Relay relay, Upstream target, PostExchange exchange, byte[] request, Envelope envelope) {
        this.relay = relay;
        this.target = target;
        this.exchange = exchange;
        this.operation = Objects.requireNonNull(exchange.operation());
        this.id = Objects.requireNonNull(envelope.id());
        this.upstreamId = id.survivesDoubles() ? id : FRESH_ID;
        this.request = MessageEditor.withId(request, 0, request.length, envelope, upstreamId);
        this.loop = relay.loop(exchange.loop());
    }

    void start() {
        if (relay.sessions().inUse() >= relay.settings().limits().maxSessions()) {
            Answers.busy(exchange, "Too many sessions are in use");
            return;
        }
        if (!target.slots().tryAcquire()) {
            Answers.busy(exchange, "Too many requests are under way to the MCP server (max-concurrent-calls)");
            return;
        }
        HttpHeaders headers =
                ForwardedHeaders.request(exchange.headers(), target.settings().headers());
        headers.set("accept", ForwardedHeaders.BOTH);
        relay.initializing().add(this);
        MessageExchange.send(
                target,
                loop,
                headers,
                request,
                operation.sending(target.peer(), null, upstreamId),
                CONNECT_MILLIS,
                target.settings().answerTimeout().toMillis(),
                this::replied);
    }

    /** The gateway stops: it is to wait for the upstream's answer. Any thread. */
    void drain(Drain stopping) {
        stopping.add();
        loop.execute(() -> {
            if (offered || drain != null) {
                stopping.remove();
            } else {
                drain = stopping;
            }
        });
    }

    private void replied(Reply reply) {
        target.slots().release();
        relay.initializing().remove(this);
        take(reply);
        offered = true;
        if (drain != null) {
            drain.remove();
        }
    }

    private void take(Reply reply) {
        if (reply.failure() != null) {
            target.trouble().failed(reply.failure().reason());
            int status = reply.failure().reason().startsWith("no answer") ? 504 : 502;
            Answers.error(
                    exchange,
                    status,
                    id,
                    McpErrors.SERVER_ERROR,
                    "The MCP server gave no answer: " + reply.failure().reason(),
                    Map.of());
            return;
        }
        if (!reply.ok()) {
            if (reply.status() >= 500) { // anything else is the client's to mend
                target.trouble().failed("it answered with HTTP status " + reply.status());
            }
            Answers.pass(relay, target, exchange, reply);
            return;
        }
        byte[] answer = reply.answer();
        if (answer == null) {
            target.trouble().failed("it does not answer as one");
            Answers.error(
                    exchange, 502, id, McpErrors.SERVER_ERROR, "The MCP server does not answer as one.", Map.of());
            return;
        }
        if (!(MessageReader.read(answer) instanceof Message.Single(Envelope envelope))) {
            throw new IllegalStateException("an answer that was read before is none");
        }
        byte[] shown = MessageEditor.withId(answer, 0, answer.length, envelope, id);
        InitializeResult result = InitializeResult.read(answer).orElse(null);
        if (result == null) { // an error of the upstream: no session
            Call.answered(operation, envelope);
            Answers.json(exchange, 200, Answers.headers(), shown);
            return;
        }
        begin(reply, shown, result);
    }

    private void begin(Reply reply, byte[] answer, InitializeResult result) {
        target.trouble().began();
        SessionId session = SessionId.mint(relay.random());
        SessionRecord record = new SessionRecord(
                session,
                target.settings().name(),
                relay.clock().millis(),
                result.protocolVersion(),
                result.capabilities(),
                request);
        SessionState state = new SessionState(
                1,
                reply.headers().get(ForwardedHeaders.SESSION),
                Cookies.kept(null, reply.headers(), target.settings().affinityCookies()),
                false,
                null,
                List.of(),
                binding(),
                FIRST_STREAM_LIMIT,
                relay.store().bootEpoch(),
                Owner.ONLY);
        StoreWait hold = StoreWait.begin(
                relay, loop, () -> answerOnce(() -> Answers.busy(exchange, "The store takes no sessions now")));
        relay.sessions().create(record, state, new Completion() {
            @Override
            public void stored(StoreWrite write) {
                withSession(session, begun -> {
                    begun.renewCookies(target, reply.headers());
                    begun.heard(reply.others());
                    loop.run(() -> {
                        hold.cancel();
                        answerOnce(() -> {
                            operation.session(session, record.protocolVersion());
                            answer(session, reply, answer);
                        });
                    });
                });
            }

            @Override
            public void refused(StoreWrite write, String reason) {
                loop.run(() -> {
                    hold.cancel();
                    answerOnce(() -> Answers.busy(exchange, "The session could not be stored: " + reason));
                });
                withSession(session, begun -> {});
            }
        });
    }

    private CredentialBinding binding() {
        String hash = relay.hasher().hash(exchange.headers(), target.settings().credentialHeaders());
        return hash.isEmpty()
                ? CredentialBinding.NONE
                : new CredentialBinding(List.of(hash), relay.hasher().principal(exchange.headers()));
    }

    /** Does something with the session that was just created, and lets go of it. */
    private void withSession(SessionId session, Consumer<RelaySession> then) {
        relay.sessions()
                .find(
                        session,
                        loop,
                        found -> found.ifPresent(each -> {
                            then.accept(each);
                            relay.sessions().release(each); // what find held
                            relay.sessions().release(each); // what create held
                        }),
                        unreadable -> {});
    }

    private void answer(SessionId session, Reply reply, byte[] answer) {
        HttpHeaders headers = ForwardedHeaders.response(reply.headers());
        headers.set(ForwardedHeaders.SESSION, session.toString());
        Answers.json(exchange, 200, headers, answer);
    }

    private void answerOnce(Runnable how) {
        if (!answered) {
            answered = true;
            how.run();
        }
    }
}
