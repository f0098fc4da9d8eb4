package dev.shadowcat.mcp;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** What a body or an event turned out to be. */
public sealed interface Message {
    /** The ids of the requests that it answers. */
    default Stream<RequestId> answered() {
        return switch (this) {
            case Single single -> Stream.of(single.envelope()).flatMap(Message::answered);
            case Batch batch -> batch.elements().stream().map(Element::envelope).flatMap(Message::answered);
            case Malformed _ -> Stream.empty();
        };
    }

    private static Stream<RequestId> answered(Envelope envelope) {
        return envelope.isAnswer() ? Stream.ofNullable(envelope.id()) : Stream.empty();
    }

    /** One JSON-RPC message. */
    record Single(Envelope envelope) implements Message {}

    /** A JSON array of JSON-RPC messages, in their order; never empty. Only revision 2025-03-26 knows it. */
    record Batch(List<Element> elements) implements Message {
        public Batch {
            elements = List.copyOf(elements);
        }

        /** The same with the answers that name no request behind all others: what they answer is what those have left. */
        public List<Element> namelessLast() {
            return elements.stream()
                    .sorted(Comparator.comparing(element ->
                            element.envelope().isAnswer() && element.envelope().id() == null))
                    .toList();
        }
    }

    /**
     * One message of a batch.
     *
     * @param envelope its envelope; the spans in it count from where the whole batch begins
     * @param span where the element stands in the batch
     */
    record Element(Envelope envelope, Span span) {}

    /**
     * No JSON-RPC message.
     *
     * @param code {@link McpErrors#PARSE_ERROR} or {@link McpErrors#INVALID_REQUEST}
     * @param reason one sentence for the sender, without any of what was sent
     */
    record Malformed(int code, String reason) implements Message {}
}
