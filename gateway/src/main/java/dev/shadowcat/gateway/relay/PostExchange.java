package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.http.Exchange;
import dev.shadowcat.gateway.http.ForwardingExchange;
import dev.shadowcat.gateway.http.StreamedResponse;
import dev.shadowcat.gateway.telemetry.ClientOperation;
import dev.shadowcat.gateway.telemetry.Operations;
import dev.shadowcat.gateway.telemetry.Operations.Arrival;
import dev.shadowcat.gateway.telemetry.ServerOperation;
import dev.shadowcat.mcp.Envelope;
import dev.shadowcat.mcp.Message;
import dev.shadowcat.mcp.MessageEditor;
import dev.shadowcat.mcp.MessageReader;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.observe.ErrorType;
import dev.shadowcat.session.Call;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A client's POST with the operations that it is: they begin once it is served or answered here, and those that have not ended when it
 * is answered end with the answer's status.
 */
final class PostExchange extends ForwardingExchange {
    private final Exchange client;
    private final boolean batch;
    private final List<Envelope> messages; // its requests and notifications, in their order
    private final Operations telemetry;
    private final Arrival arrival;
    private @Nullable List<ServerOperation> begun; // of these messages

    private PostExchange(Exchange client, boolean batch, List<Envelope> messages, Operations telemetry) {
        super(client);
        this.client = client;
        this.batch = batch;
        this.messages = messages;
        this.telemetry = telemetry;
        this.arrival = telemetry.arrived();
    }

    static PostExchange of(Exchange exchange, Message.Single single, Operations telemetry) {
        Envelope envelope = single.envelope();
        return new PostExchange(exchange, false, envelope.isAnswer() ? List.of() : List.of(envelope), telemetry);
    }

    static PostExchange of(Exchange exchange, Message.Batch batch, Operations telemetry) {
        return new PostExchange(
                exchange,
                true,
                batch.elements().stream()
                        .map(Message.Element::envelope)
                        .filter(envelope -> !envelope.isAnswer())
                        .toList(),
                telemetry);
    }

    /** The same without its operations: what another node serves is that node's to count. */
    static Exchange elsewhere(Exchange exchange) {
        return exchange instanceof PostExchange post ? post.client : exchange;
    }

    /** The id of the request that an exchange is; null where it is none, a batch, or no POST. Any thread. */
    static @Nullable RequestId requestId(Exchange exchange) {
        if (!(exchange instanceof PostExchange post) || post.batch || post.messages.isEmpty()) {
            return null;
        }
        Envelope only = post.messages.getFirst();
        return only.isRequest() ? only.id() : null;
    }

    /** The ids of the requests that an exchange has; a batch may have several. Any thread. */
    static List<RequestId> requestIds(Exchange exchange) {
        return exchange instanceof PostExchange post
                ? post.messages.stream()
                        .filter(Envelope::isRequest)
                        .map(Envelope::id)
                        .filter(Objects::nonNull)
                        .toList()
                : List.of();
    }

    /** Whether an exchange asks for answers. Any thread. */
    static boolean hasRequests(Exchange exchange) {
        return exchange instanceof PostExchange post && post.messages.stream().anyMatch(Envelope::isRequest);
    }

    /** Whether an exchange may be the first of something, and not about what is under way. Any thread. */
    static boolean mayBegin(Exchange exchange) {
        return !(exchange instanceof PostExchange) || hasRequests(exchange);
    }

    /** The first of its requests and notifications; null where it has none. */
    @Nullable
    ServerOperation operation() {
        return messages.isEmpty() ? null : operations().getFirst();
    }

    /** Those of its requests and notifications, in their order. */
    List<ServerOperation> operations() {
        List<ServerOperation> known = begun;
        if (known == null) {
            known = new ArrayList<>(messages.size());
            for (Envelope each : messages) {
                known.add(telemetry.begin(each, headers(), arrival));
            }
            begun = known;
        }
        return known;
    }

    /** It belongs to a session. */
    void in(RelaySession session) {
        operations().forEach(each -> each.session(session.id(), session.protocolVersion()));
    }

    /**
     * It goes out to the upstream, perhaps not for the first time.
     *
     * @param calls its requests
     * @param headers of the request; the trace is put on them
     * @param body as the upstream is to get it, but for the trace
     * @return the body with the trace in it
     */
    byte[] sending(RelaySession session, Upstream target, List<Call> calls, HttpHeaders headers, byte[] body) {
        if (operations().isEmpty()) {
            return body;
        }
        String upstreamSession = session.state().upstreamSession();
        if (!batch) {
            ServerOperation only = operations().getFirst();
            ClientOperation sent = only.sending(target.peer(), upstreamSession, upstreamId(only, calls));
            sent.inject(headers);
            return sent.inject(body);
        }
        List<ClientOperation> sent = new ArrayList<>(operations().size());
        for (ServerOperation each : operations()) {
            sent.add(each.sending(target.peer(), upstreamSession, upstreamId(each, calls)));
        }
        if (!session.relay().operations().tracing()) {
            return body;
        }
        sent.getFirst().inject(headers);
        return injected(body, sent);
    }

    private static @Nullable RequestId upstreamId(ServerOperation operation, List<Call> calls) {
        for (Call call : calls) {
            if (call.operation().equals(operation)) {
                return call.upstreamId();
            }
        }
        return null;
    }

    private static byte[] injected(byte[] body, List<ClientOperation> sent) {
        if (!(MessageReader.read(body) instanceof Message.Batch read)) {
            throw new IllegalStateException("a batch that was read before is none");
        }
        List<byte[]> messages = new ArrayList<>(read.elements().size());
        int next = 0;
        for (Message.Element element : read.elements()) {
            byte[] own = Arrays.copyOfRange(
                    body, element.span().start(), element.span().end());
            messages.add(element.envelope().isAnswer() ? own : sent.get(next++).inject(own));
        }
        return MessageEditor.batch(messages);
    }

    /** The way to the upstream failed. */
    void upstreamFailed(ErrorType errorType) {
        operations().forEach(each -> each.upstreamFailed(errorType));
    }

    /** The upstream refused it with an HTTP status. */
    void upstreamRefused(int status) {
        operations().forEach(each -> each.upstreamRefused(status));
    }

    @Override
    public void respond(int status, HttpHeaders headers, ByteBuf body) {
        operations().forEach(each -> each.responded(status));
        super.respond(status, headers, body);
    }

    @Override
    public StreamedResponse startStream(int status, HttpHeaders headers, boolean longLived) {
        for (ServerOperation each : operations()) {
            if (each.isNotification()) {
                each.responded(status);
            }
        }
        return super.startStream(status, headers, longLived);
    }
}
