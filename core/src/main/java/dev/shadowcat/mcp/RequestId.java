package dev.shadowcat.mcp;

import java.nio.charset.StandardCharsets;
import tools.jackson.core.JsonParser;

/**
 * The id of a JSON-RPC request as JSON text, {@code 7} or {@code "abc"}, in canonical form: ids that a peer holds for
 * equal are equal here, however they were escaped.
 *
 * @param json an integer or a quoted string
 */
public record RequestId(String json) {
    /** The longest id that is read, in bytes of JSON: ids are kept for as long as their requests are open. */
    public static final int MAX_BYTES = 1024;

    private static final long MAX_EXACT = (1L << 53) - 1;
    private static final int DIGITS_OF_MAX = 16;

    public RequestId {
        if (json.isEmpty()) {
            throw new IllegalArgumentException("request id: must not be empty");
        }
    }

    /** The string id with this text. */
    public static RequestId ofText(String text) {
        return new RequestId(JsonText.quoted(text));
    }

    boolean isText() {
        return json.charAt(0) == '"';
    }

    /** A string's text, or an integer's digits. */
    public String text() {
        if (!isText()) {
            return json;
        }
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        try (JsonParser parser = Json.parser(bytes, 0, bytes.length)) {
            parser.nextToken();
            return parser.getString();
        }
    }

    /** Whether every peer reads back what it was given: an integer beyond 2^53 is another one to who reads it as a double. */
    public boolean survivesDoubles() {
        int digits = json.length() - (json.charAt(0) == '-' ? 1 : 0);
        if (isText() || digits < DIGITS_OF_MAX) {
            return true;
        }
        return digits == DIGITS_OF_MAX && Math.abs(Long.parseLong(json)) <= MAX_EXACT;
    }

    /** The integer id with this value. */
    public static RequestId ofNumber(long number) {
        return new RequestId(Long.toString(number));
    }

    /** Its JSON text. */
    @Override
    public String toString() {
        return json;
    }
}
