package dev.shadowcat.gateway.relay;

import dev.shadowcat.mcp.Envelope;
import dev.shadowcat.mcp.McpErrors;
import dev.shadowcat.mcp.Message;
import dev.shadowcat.mcp.MessageEditor;
import dev.shadowcat.mcp.Messages;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.mcp.Span;
import dev.shadowcat.session.Call;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The upstream's plain JSON answer to a POST as its client gets it: each request answered once, in its own id. An error that
 * names no request, since the upstream could not read it, answers those that nothing else does: no client ends a call by it.
 */
final class PlainAnswer {
    static final String LEFT_OUT = "The MCP server answered the POST without answering this request.";

    private PlainAnswer() {}

    /**
     * Tells the operations of their answers.
     *
     * @param calls the requests of the POST
     * @param generation of the upstream session that answers
     * @return null where it does not answer the only one
     */
    static byte @Nullable [] shown(
            byte[] answer, Message message, List<Call> calls, RelaySession session, int generation) {
        return switch (message) {
            case Message.Single(Envelope envelope)
            when calls.size() == 1 ->
                answers(envelope, calls.getFirst())
                        ? restored(answer, 0, answer.length, envelope, calls.getFirst())
                        : null;
            case Message.Single(Envelope envelope) -> {
                Message.Element only = new Message.Element(envelope, new Span(0, answer.length));
                yield shown(answer, new Message.Batch(List.of(only)), calls, session, generation);
            }
            case Message.Batch batch -> shown(answer, batch, calls, session, generation);
            case Message.Malformed _ -> null;
        };
    }

    private static boolean answers(Envelope envelope, Call call) {
        RequestId id = envelope.id();
        return envelope.isAnswer() && (id == null || id.equals(call.upstreamId()));
    }

    private static byte[] shown(
            byte[] answer, Message.Batch batch, List<Call> calls, RelaySession session, int generation) {
        List<Call> open = new ArrayList<>(calls);
        List<byte[]> shown = new ArrayList<>();
        for (Message.Element element : batch.namelessLast()) {
            Envelope envelope = element.envelope();
            Span span = element.span();
            if (!envelope.isAnswer()) {
                shown.add(asked(answer, span, envelope, session, generation));
                continue;
            }
            List<Call> answered =
                    open.stream().filter(each -> answers(envelope, each)).toList();
            if (answered.isEmpty()) {
                session.relay().observer().strayDropped();
            }
            for (Call each : answered) {
                shown.add(restored(answer, span.start(), span.end(), envelope, each));
            }
            open.removeAll(answered);
        }
        for (Call each : open) {
            each.operation().failed(McpErrors.INTERNAL_ERROR, LEFT_OUT);
            shown.add(
                    Messages.error(each.clientId(), McpErrors.INTERNAL_ERROR, LEFT_OUT, Map.of("outcome", "unknown")));
        }
        return MessageEditor.batch(shown);
    }

    /** A message that is no answer; a request of the server has the id by which its client's answer finds back. */
    private static byte[] asked(byte[] answer, Span span, Envelope envelope, RelaySession session, int generation) {
        RequestId id = envelope.id();
        return id == null || !envelope.isRequest()
                ? Arrays.copyOfRange(answer, span.start(), span.end())
                : MessageEditor.withId(
                        answer,
                        span.start(),
                        span.end(),
                        envelope,
                        session.serverRequests().shown(id, generation));
    }

    private static byte[] restored(byte[] answer, int start, int end, Envelope envelope, Call call) {
        call.answered(envelope);
        return MessageEditor.withId(answer, start, end, envelope, call.clientId());
    }
}
