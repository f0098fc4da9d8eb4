package dev.shadowcat.mcp;

import java.util.List;

/** What a body or an event turned out to be. */
public sealed interface Message {
    /** One JSON-RPC message. */
    record Single(Envelope envelope) implements Message {}

    /** A JSON array of JSON-RPC messages, in their order; never empty. Only revision 2025-03-26 knows it. */
    record Batch(List<Element> elements) implements Message {
        public Batch {
            elements = List.copyOf(elements);
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
