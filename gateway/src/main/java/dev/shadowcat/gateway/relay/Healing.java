package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.telemetry.ClientOperation;
import dev.shadowcat.gateway.telemetry.ServerOperation;
import dev.shadowcat.gateway.telemetry.Work;
import dev.shadowcat.mcp.InitializeResult;
import dev.shadowcat.mcp.McpMethod;
import dev.shadowcat.mcp.Messages;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.observe.ErrorType;
import dev.shadowcat.persist.Completion;
import dev.shadowcat.store.SessionState;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoredSession;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives a session a new upstream session when the upstream has forgotten the old one: once, however many requests were
 * refused. The session's loop only.
 */
final class Healing {
    private static final Logger log = LoggerFactory.getLogger(Healing.class);
    private static final int MAX_A_MINUTE = 3;
    private static final long MINUTE_MILLIS = 60_000;
    private static final long CONNECT_MILLIS = 25_000;
    private static final long TIMEOUT_MILLIS = 30_000;

    private final RelaySession session;
    private final ArrayDeque<Long> recent = new ArrayDeque<>(MAX_A_MINUTE);
    private @Nullable List<Consumer<Outcome>> waiting;
    private Work work = Work.NONE;

    /** What a refused request is to do. */
    enum Outcome {
        /** Go out once more: there is a new upstream session. */
        RESEND,
        /** Pass the refusal on: it does not mean that the session is lost. */
        PASS_ON,
        /** The session is over for the client too. */
        ENDED,
        /** Too many re-initializations: something else is wrong. */
        TOO_MANY
    }

    Healing(RelaySession session) {
        this.session = session;
    }

    boolean busy() {
        return waiting != null;
    }

    /** Whether an answer may mean that the upstream does not know its session any more. */
    static boolean suspect(int status) {
        return switch (status) {
            case 400, 401, 404, 410, 503 -> true;
            default -> false;
        };
    }

    /**
     * A request was refused.
     *
     * @param generation the one that it was sent on
     * @param headers the client's, with its credentials
     * @param cause the request, where it is a message
     */
    void refused(
            Upstream target,
            int generation,
            int status,
            HttpHeaders headers,
            @Nullable ServerOperation cause,
            Consumer<Outcome> then) {
        if (session.deleted()) {
            then.accept(Outcome.ENDED);
            return;
        }
        if (session.generation() > generation) {
            then.accept(Outcome.RESEND);
            return;
        }
        if (waiting != null) {
            waiting.add(then);
            if (cause != null) {
                work.waitedForBy(cause);
            }
            return;
        }
        if (tooMany()) {
            then.accept(Outcome.TOO_MANY);
            return;
        }
        waiting = new ArrayList<>(1);
        waiting.add(then);
        work = session.relay().operations().reinitialization(cause, session.id());
        if (status == 404) {
            initialize(target, headers);
            return;
        }
        confirm(target, status, headers);
    }

    private boolean tooMany() {
        long now = session.relay().passedMillis();
        while (!recent.isEmpty() && recent.getFirst() < now - MINUTE_MILLIS) {
            recent.removeFirst();
        }
        return recent.size() >= MAX_A_MINUTE;
    }

    private void confirm(Upstream target, int status, HttpHeaders headers) {
        HttpHeaders addressed = session.addressed(headers);
        Pings.prepare(addressed);
        byte[] ping = Messages.ping(RequestId.ofText("shadowcat-ping"));
        ClientOperation operation = operation(target, McpMethod.PING);
        MessageExchange.send(
                target, session.nettyLoop(), addressed, ping, operation, CONNECT_MILLIS, TIMEOUT_MILLIS, reply -> {
                    if (reply.failure() == null && reply.status() == status) {
                        initialize(target, headers);
                        return;
                    }
                    finish(Outcome.PASS_ON);
                });
    }

    private ClientOperation operation(Upstream target, String method) {
        return session.relay().operations().send(target.peer(), method, session.protocolVersion(), work);
    }

    private void initialize(Upstream target, HttpHeaders headers) {
        session.relay()
                .reader()
                .read(
                        session.loop(),
                        () -> session.relay().store().session(session.id()),
                        known -> initialize(target, headers, known),
                        unreadable -> finish(Outcome.PASS_ON));
    }

    private void initialize(Upstream target, HttpHeaders headers, Optional<StoredSession> known) {
        if (known.isEmpty()) {
            finish(Outcome.ENDED);
            return;
        }
        HttpHeaders fresh = headers.copy();
        Pings.prepare(fresh);
        fresh.remove(ForwardedHeaders.SESSION);
        fresh.remove(ForwardedHeaders.VERSION);
        byte[] request = known.get().record().initializeRequest();
        MessageExchange.send(
                target,
                session.nettyLoop(),
                fresh,
                request,
                operation(target, McpMethod.INITIALIZE),
                CONNECT_MILLIS,
                TIMEOUT_MILLIS,
                reply -> initialized(target, headers, reply));
    }

    private void initialized(Upstream target, HttpHeaders headers, Reply reply) {
        Optional<InitializeResult> result = reply.ok() ? result(reply) : Optional.empty();
        if (result.isEmpty()) {
            finish(Outcome.PASS_ON);
            return;
        }
        if (!result.get().protocolVersion().equals(session.protocolVersion())
                || !result.get().capabilities().containsAll(session.capabilities())) {
            log.warn(
                    "Session {} ends: its server came back as another one",
                    session.id().shortened());
            session.end();
            finish(Outcome.ENDED);
            return;
        }
        recent.addLast(session.relay().passedMillis());
        String upstreamSession = reply.headers().get(ForwardedHeaders.SESSION);
        String cookies = Cookies.kept(null, reply.headers(), target.settings().affinityCookies());
        session.renewCookies(target, reply.headers());
        SessionState renewed = session.state().withUpstreamSession(upstreamSession, cookies);
        restore(
                target,
                session.withMemory(RelaySession.addressed(headers, renewed)),
                steps(renewed),
                () -> store(upstreamSession, cookies));
    }

    /**
     * Only now, with everything restored, is the new generation stored: a crash before it leaves the session on the old one,
     * which is then healed from the beginning. Where the store fails, the requests go out nevertheless, as all do that come now.
     */
    private void store(@Nullable String upstreamSession, @Nullable String cookies) {
        if (session.deleted()) {
            finish(Outcome.ENDED);
            return;
        }
        StoreWait wait = StoreWait.begin(session.relay(), session.nettyLoop(), () -> finish(Outcome.RESEND));
        session.upstreamReplaced();
        session.change(now -> now.withUpstreamSession(upstreamSession, cookies), new Completion() {
            @Override
            public void stored(StoreWrite write) {
                healed();
                waited(Outcome.RESEND);
            }

            @Override
            public void refused(StoreWrite write, String reason) {
                waited(Outcome.ENDED);
            }

            private void waited(Outcome outcome) {
                wait.cancel();
                if (!wait.over()) { // else those who wait now wait for the next one
                    finish(outcome);
                }
            }
        });
        session.regenerated(); // right behind it in the queue, so that hardly a crash comes between
    }

    private void healed() {
        session.relay().observer().upstreamReinitialized();
        log.info(
                "Session {} has a new upstream session, generation {}",
                session.id().shortened(),
                session.generation());
        StandaloneFeed feed = session.standaloneFeed();
        if (feed != null) {
            feed.regenerated();
        }
    }

    static Optional<InitializeResult> result(Reply reply) {
        byte[] answer = reply.answer();
        return answer == null ? Optional.empty() : InitializeResult.read(answer);
    }

    /** A message that sets up something of the session again. */
    @SuppressWarnings("ArrayRecordComponent") // sent once, never compared
    private record Step(String method, byte[] message) {}

    /** What the session had set up, in order. */
    private static List<Step> steps(SessionState state) {
        List<Step> steps = new ArrayList<>();
        if (state.initialized()) {
            steps.add(new Step(McpMethod.INITIALIZED, Messages.initialized()));
        }
        if (state.logLevel() != null) {
            byte[] level = Messages.setLevel(RequestId.ofText("shadowcat-level"), state.logLevel());
            steps.add(new Step(McpMethod.LOGGING_SET_LEVEL, level));
        }
        for (String uri : state.subscriptions()) {
            byte[] subscribe = Messages.subscribe(RequestId.ofText("shadowcat-subscribe"), uri);
            steps.add(new Step(McpMethod.RESOURCES_SUBSCRIBE, subscribe));
        }
        return steps;
    }

    private void restore(Upstream target, HttpHeaders addressed, List<Step> steps, Runnable then) {
        if (steps.isEmpty()) {
            then.run();
            return;
        }
        Pings.prepare(addressed);
        Step step = steps.getFirst();
        ClientOperation operation = operation(target, step.method());
        MessageExchange.send(
                target, session.nettyLoop(), addressed, step.message(), operation, 0, TIMEOUT_MILLIS, reply -> {
                    if (!reply.ok()) {
                        log.warn(
                                "Session {}: the server refused a part of what was to be restored",
                                session.id().shortened());
                    }
                    restore(target, addressed, steps.subList(1, steps.size()), then);
                });
    }

    private void finish(Outcome outcome) {
        List<Consumer<Outcome>> told = waiting;
        waiting = null;
        work.end(
                switch (outcome) {
                    case RESEND -> null;
                    case PASS_ON -> ErrorType.REFUSED.text();
                    case ENDED, TOO_MANY -> ErrorType.DELETED.text();
                });
        work = Work.NONE;
        if (told != null) {
            told.forEach(each -> each.accept(outcome));
        }
    }
}
