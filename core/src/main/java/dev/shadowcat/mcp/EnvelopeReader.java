package dev.shadowcat.mcp;

import dev.shadowcat.mcp.Envelope.Kind;
import dev.shadowcat.mcp.Envelope.Params;
import java.math.BigInteger;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * One walk over the tokens of one message, from its opening to its closing brace. Faults are noted and the walk goes on to
 * the end; members may come in any order, so all is judged there.
 */
final class EnvelopeReader {
    private static final int MAX_METHOD_CHARS = 256;

    private static final int JSONRPC = 1;
    private static final int ID = 1 << 1;
    private static final int METHOD = 1 << 2;
    private static final int PARAMS = 1 << 3;
    private static final int RESULT = 1 << 4;
    private static final int ERROR = 1 << 5;

    private final JsonParser parser;
    private int seen; // bits of the members that came
    private @Nullable String fault; // the first one
    private @Nullable RequestId id; // null where an id came that is null
    private @Nullable Span idSpan;
    private @Nullable String method;
    private @Nullable ParamsReader params;
    private @Nullable Failure failure;

    EnvelopeReader(JsonParser parser) {
        this.parser = parser;
    }

    /** Reads the object that the parser has just entered; null where it has a {@link #fault}. */
    @Nullable
    Envelope read() {
        for (String member = parser.nextName(); member != null; member = parser.nextName()) {
            JsonToken value = parser.nextToken();
            switch (member) {
                case "jsonrpc" -> readJsonrpc(value);
                case "id" -> readId(value);
                case "method" -> readMethod(value);
                case "params" -> readParams(value);
                case "result" -> readResult(value);
                case "error" -> readError(value);
                default -> skipUnknown(member);
            }
        }
        Kind kind = kind();
        return fault != null ? null : new Envelope(kind, id, idSpan, method, params(), failure);
    }

    /** What is wrong with the message, where something is. */
    String fault() {
        return Objects.requireNonNull(fault);
    }

    private void readJsonrpc(JsonToken value) {
        once(JSONRPC, "jsonrpc");
        require(value == JsonToken.VALUE_STRING && "2.0".equals(parser.getString()), "jsonrpc must be \"2.0\".");
        parser.skipChildren();
    }

    private void readId(JsonToken value) {
        once(ID, "id");
        int start = Json.tokenStart(parser);
        String json = Json.scalar(parser);
        Span span = new Span(start, Json.position(parser));
        require(json != null || value == JsonToken.VALUE_NULL, "id must be a string or an integer.");
        if (span.length() > RequestId.MAX_BYTES) {
            fault("id must be at most " + RequestId.MAX_BYTES + " bytes long.");
        } else {
            id = json == null ? null : new RequestId(json);
            idSpan = span;
        }
    }

    private void readMethod(JsonToken value) {
        once(METHOD, "method");
        if (value != JsonToken.VALUE_STRING) {
            fault("method must be a string.");
            parser.skipChildren();
        } else if (parser.getStringLength() > MAX_METHOD_CHARS) {
            fault("method must be at most " + MAX_METHOD_CHARS + " characters long.");
        } else {
            method = McpMethod.of(parser.getStringCharacters(), parser.getStringOffset(), parser.getStringLength());
        }
    }

    private void readParams(JsonToken value) {
        once(PARAMS, "params");
        if (value == JsonToken.START_OBJECT) {
            params = new ParamsReader(parser);
            String wrong = params.read();
            if (wrong != null) {
                fault(wrong);
            }
            return;
        }
        require(value == JsonToken.VALUE_NULL, "params must be an object.");
        parser.skipChildren();
    }

    private void readResult(JsonToken value) {
        once(RESULT, "result");
        if (value != JsonToken.START_OBJECT) {
            fault("result must be an object.");
            parser.skipChildren();
            return;
        }
        for (String member = parser.nextName(); member != null; member = parser.nextName()) {
            if (parser.nextToken() == JsonToken.VALUE_TRUE && member.equals("isError")) {
                failure = new Failure.Tool();
            }
            parser.skipChildren();
        }
    }

    private void readError(JsonToken value) {
        once(ERROR, "error");
        if (value != JsonToken.START_OBJECT) {
            fault("error must be an object.");
            parser.skipChildren();
            return;
        }
        String code = null;
        String message = null;
        for (String member = parser.nextName(); member != null; member = parser.nextName()) {
            JsonToken token = parser.nextToken();
            if (member.equals("code")) {
                code = Json.integer(parser);
            } else if (member.equals("message") && token == JsonToken.VALUE_STRING) {
                message = excerpt();
            } else {
                parser.skipChildren();
            }
        }
        if (code == null || message == null) {
            fault("error must have an integer code and a message.");
        } else {
            failure = new Failure.Refused(number(code), message);
        }
    }

    private static long number(String digits) {
        BigInteger value = new BigInteger(digits);
        return value.bitLength() < Long.SIZE ? value.longValue() : 0;
    }

    private String excerpt() {
        int chars = Math.min(parser.getStringLength(), Failure.MAX_MESSAGE_CHARS);
        return new String(parser.getStringCharacters(), parser.getStringOffset(), chars);
    }

    /** Lets an unknown member pass, unless a reader that ignores case would take it for one of the envelope's. */
    private void skipUnknown(String member) {
        if (differsInCase(member, "jsonrpc")
                || differsInCase(member, "id")
                || differsInCase(member, "method")
                || differsInCase(member, "params")
                || differsInCase(member, "result")
                || differsInCase(member, "error")) {
            fault("The members of a message are written in lower case.");
        }
        parser.skipChildren();
    }

    private static boolean differsInCase(String member, String known) {
        return member.equalsIgnoreCase(known);
    }

    private Kind kind() {
        require(has(JSONRPC), "jsonrpc must be \"2.0\".");
        if (has(METHOD)) {
            require(!has(RESULT) && !has(ERROR), "A message with a method must have neither result nor error.");
            require(!has(ID) || id != null, "id must be a string or an integer.");
            return has(ID) ? Kind.REQUEST : Kind.NOTIFICATION;
        }
        require(has(RESULT) || has(ERROR), "A message must have a method, a result or an error.");
        require(!has(RESULT) || !has(ERROR), "A message must not have both result and error.");
        require(!has(PARAMS), "An answer must have no params.");
        require(has(ERROR) || id != null, "A result must have the id of its request.");
        return has(RESULT) ? Kind.RESULT : Kind.ERROR;
    }

    private Params params() {
        return params == null || method == null ? Params.NONE : params.of(method);
    }

    private boolean has(int member) {
        return (seen & member) != 0;
    }

    private void once(int member, String name) {
        if (has(member)) {
            fault(name + " must not come twice.");
        }
        seen |= member;
    }

    private void require(boolean met, String otherwise) {
        if (!met) {
            fault(otherwise);
        }
    }

    private void fault(String what) {
        if (fault == null) {
            fault = what;
        }
    }
}
