package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.config.LimitSettings;
import dev.shadowcat.gateway.telemetry.ServerOperation;
import dev.shadowcat.mcp.Envelope;
import dev.shadowcat.mcp.McpMethod;
import dev.shadowcat.mcp.Message;
import dev.shadowcat.mcp.MessageEditor;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.mcp.Span;
import dev.shadowcat.observe.Operation;
import dev.shadowcat.persist.Completion;
import dev.shadowcat.session.Call;
import dev.shadowcat.store.SessionState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Prepares a POST in a session: ids that would cross are replaced, and what the session must remember is noted. */
final class SessionPost {
    private SessionPost() {}

    static void relay(
            RelaySession session, Upstream target, PostExchange exchange, byte[] body, Message.Single single) {
        exchange.in(session);
        Envelope envelope = single.envelope();
        if (envelope.isRequest() && refused(session, target, exchange, 1)) {
            return;
        }
        List<Call> calls = new ArrayList<>(1);
        byte[] sent = prepared(session, body, envelope, exchange.operation(), calls);
        if (sent == null) {
            Answers.empty(exchange, 202); // answers a request that is void
            return;
        }
        Call call = openCall(session, envelope);
        Consumer<Call> cancelled = call == null ? null : session.canceller(call);
        new PostRelay(session, target, exchange, sent, calls).start();
        if (cancelled != null) {
            cancelled.accept(call);
        }
    }

    static void relay(RelaySession session, Upstream target, PostExchange exchange, byte[] body, Message.Batch batch) {
        exchange.in(session);
        long requests = batch.elements().stream()
                .filter(each -> each.envelope().isRequest())
                .count();
        if (requests > 0 && refused(session, target, exchange, requests)) {
            return;
        }
        List<Call> calls = new ArrayList<>();
        List<byte[]> kept = new ArrayList<>();
        byte[] sent = body;
        int operations = exchange.operations().size();
        for (Message.Element element : batch.elements().reversed()) { // from the end, so that earlier spans stay true
            ServerOperation operation =
                    element.envelope().isAnswer() ? null : exchange.operations().get(--operations);
            byte[] edited = prepared(session, sent, element.envelope(), operation, calls);
            if (edited != null) {
                int end = element.span().end() + edited.length - sent.length;
                kept.addFirst(Arrays.copyOfRange(edited, element.span().start(), end));
                sent = edited;
            }
        }
        if (kept.isEmpty()) {
            Answers.empty(exchange, 202); // answers requests that are void, and nothing else
            return;
        }
        boolean whole = kept.size() == batch.elements().size();
        new PostRelay(session, target, exchange, whole ? sent : MessageEditor.batch(kept), calls).start();
    }

    /** Refuses what would go beyond a limit; otherwise the POST has one of the upstream's slots. */
    private static boolean refused(RelaySession session, Upstream target, PostExchange exchange, long requests) {
        LimitSettings limits = session.relay().settings().limits();
        if (session.pending() + requests > limits.maxPendingRequests()) {
            Answers.busy(exchange, "Too many requests of this session are unanswered (max-pending-requests)");
            return true;
        }
        if (session.streamsUnderWay() >= limits.maxStreamsPerSession()) {
            Answers.busy(exchange, "Too many streams of this session are open (max-streams-per-session)");
            return true;
        }
        if (!target.slots().tryAcquire()) {
            Answers.busy(exchange, "Too many requests are under way to the MCP server (max-concurrent-calls)");
            return true;
        }
        return false;
    }

    /** The message as the upstream is to get it; null where it must not get it. */
    private static byte @Nullable [] prepared(
            RelaySession session,
            byte[] body,
            Envelope envelope,
            @Nullable ServerOperation operation,
            List<Call> calls) {
        RequestId id = envelope.id();
        if (envelope.isRequest() && id != null) {
            remember(session, envelope);
            Call call = session.begin(
                    id,
                    String.valueOf(envelope.method()),
                    envelope.progressToken(),
                    operation == null ? Operation.NONE : operation);
            calls.addFirst(call);
            return replaced(body, envelope.idSpan(), id, call.upstreamId());
        }
        if (envelope.isAnswer() && id != null) {
            RequestId upstreamId = session.serverRequests().answered(id, session.generation());
            return upstreamId == null ? null : replaced(body, envelope.idSpan(), id, upstreamId);
        }
        if (envelope.is(McpMethod.INITIALIZED)) {
            session.change(SessionState::withInitialized, Completion.NOBODY);
        }
        Call cancelled = openCall(session, envelope);
        RequestId named = envelope.cancelledId();
        return cancelled == null || named == null
                ? body
                : replaced(body, envelope.cancelledIdSpan(), named, cancelled.upstreamId());
    }

    private static byte[] replaced(byte[] body, @Nullable Span span, RequestId from, RequestId to) {
        return from.equals(to) ? body : MessageEditor.replace(body, 0, body.length, span, to);
    }

    private static @Nullable Call openCall(RelaySession session, Envelope envelope) {
        RequestId named = envelope.cancelledId();
        return envelope.is(McpMethod.CANCELLED) && named != null ? session.openCall(named) : null;
    }

    /** Notes what a new upstream session would have to be told again. */
    private static void remember(RelaySession session, Envelope envelope) {
        String level = envelope.logLevel();
        String uri = envelope.target();
        if (envelope.is(McpMethod.LOGGING_SET_LEVEL) && level != null) {
            session.change(now -> now.withLogLevel(level), Completion.NOBODY);
        } else if (envelope.is(McpMethod.RESOURCES_SUBSCRIBE) && uri != null) {
            subscriptions(session, uris -> with(uris, uri));
        } else if (envelope.is(McpMethod.RESOURCES_UNSUBSCRIBE) && uri != null) {
            subscriptions(
                    session,
                    uris -> uris.stream().filter(each -> !each.equals(uri)).toList());
        }
    }

    private static List<String> with(List<String> uris, String uri) {
        if (uris.contains(uri)) {
            return uris;
        }
        List<String> more = new ArrayList<>(uris);
        more.add(uri);
        return more;
    }

    private static void subscriptions(RelaySession session, UnaryOperator<List<String>> change) {
        session.change(now -> now.withSubscriptions(change.apply(now.subscriptions())), Completion.NOBODY);
    }
}
