package dev.shadowcat.mcp;

import dev.shadowcat.mcp.Message.Batch;
import dev.shadowcat.mcp.Message.Element;
import dev.shadowcat.mcp.Message.Malformed;
import dev.shadowcat.mcp.Message.Single;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.exc.StreamConstraintsException;

/**
 * Reads what a gateway must know of a JSON-RPC message, in one pass and without building the payload. Never throws for
 * what is in the bytes, whatever they are.
 *
 * <p>As strict as the schemas of MCP about the envelope, with these exceptions: members that it does not know are let
 * pass, {@code "params": null} is taken for no params, and what is inside {@code params} and {@code result} is for the
 * peers to judge. Stricter than the schemas where two readers of the same bytes could come to different envelopes: a
 * member that comes twice, and one that differs from a member of the envelope in case only, are refused.
 */
public final class MessageReader {
    /** The most messages in a batch: an envelope takes more memory than the shortest message. */
    public static final int MAX_BATCH = 1_000;

    private MessageReader() {}

    /** Reads one message that fills an array. */
    public static Message read(byte[] message) {
        return read(message, 0, message.length);
    }

    /**
     * Reads one message. The bytes are neither copied nor kept.
     *
     * @return spans in it count from {@code offset}
     */
    public static Message read(byte[] buffer, int offset, int length) {
        if (!Utf8.isValid(buffer, offset, length)) {
            return new Malformed(McpErrors.PARSE_ERROR, "The message is not UTF-8.");
        }
        try {
            return read(Json.parser(buffer, offset, length));
        } catch (StreamConstraintsException unusual) {
            return readSecluded(buffer, offset, length);
        } catch (JacksonException notJson) {
            return notJson();
        }
    }

    private static Message readSecluded(byte[] buffer, int offset, int length) {
        try {
            return read(Json.secludedParser(buffer, offset, length));
        } catch (StreamConstraintsException beyond) {
            return refused(beyond.getOriginalMessage());
        } catch (JacksonException notJson) {
            return notJson();
        }
    }

    private static Message read(JsonParser parser) {
        try (parser) {
            Message message = message(parser);
            // A fault of the envelope is told only here: bytes that are no JSON at all must be called that.
            return parser.nextToken() == null
                    ? message
                    : new Malformed(McpErrors.PARSE_ERROR, "The message goes on after its end.");
        }
    }

    private static Message message(JsonParser parser) {
        JsonToken first = parser.nextToken();
        if (first == null) {
            return new Malformed(McpErrors.PARSE_ERROR, "The message is empty.");
        }
        if (first == JsonToken.START_OBJECT) {
            return single(parser);
        }
        if (first == JsonToken.START_ARRAY) {
            return batch(parser);
        }
        return refused("A message must be an object or a batch of objects.");
    }

    private static Message single(JsonParser parser) {
        EnvelopeReader reader = new EnvelopeReader(parser);
        Envelope envelope = reader.read();
        return envelope == null ? refused(reader.fault()) : new Single(envelope);
    }

    private static Message batch(JsonParser parser) {
        List<Element> elements = new ArrayList<>();
        Malformed refusal = null;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (refusal != null) {
                parser.skipChildren();
            } else if (parser.currentToken() != JsonToken.START_OBJECT) {
                refusal = refused("Each message of a batch must be an object.");
                parser.skipChildren();
            } else if (elements.size() == MAX_BATCH) {
                refusal = refused("A batch must hold at most " + MAX_BATCH + " messages.");
                parser.skipChildren();
            } else {
                EnvelopeReader reader = new EnvelopeReader(parser);
                int start = Json.tokenStart(parser);
                Envelope envelope = reader.read();
                if (envelope == null) {
                    refusal = refused(reader.fault());
                } else {
                    elements.add(new Element(envelope, new Span(start, Json.position(parser))));
                }
            }
        }
        if (refusal != null) {
            return refusal;
        }
        return elements.isEmpty() ? refused("A batch must not be empty.") : new Batch(elements);
    }

    private static Malformed notJson() {
        return new Malformed(McpErrors.PARSE_ERROR, "The message is not JSON.");
    }

    private static Malformed refused(String reason) {
        return new Malformed(McpErrors.INVALID_REQUEST, reason);
    }
}
