package dev.shadowcat.mcp;

/**
 * The id of a JSON-RPC request as JSON text, {@code 7} or {@code "abc"}, in canonical form: ids that a peer holds for
 * equal are equal here, however they were escaped.
 *
 * @param json an integer or a quoted string
 */
public record RequestId(String json) {
    /** The longest id that is read, in bytes of JSON: ids are kept for as long as their requests are open. */
    public static final int MAX_BYTES = 1024;

    public RequestId {
        if (json.isEmpty()) {
            throw new IllegalArgumentException("request id: must not be empty");
        }
    }

    /** The string id with this text. */
    public static RequestId ofText(String text) {
        return new RequestId(JsonText.quoted(text));
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
