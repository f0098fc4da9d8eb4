package dev.shadowcat.mcp;

import dev.shadowcat.mcp.Envelope.Params;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * Collects from {@code params} whatever some method gives a meaning; which of it counts is known once the method is, and
 * that may come later. A member of the wrong type is left to the peers, one that comes twice is refused.
 */
final class ParamsReader {
    private static final String MODERN_VERSION = "io.modelcontextprotocol/protocolVersion";

    private static final int NAME = 1;
    private static final int URI = 1 << 1;
    private static final int META = 1 << 2;
    private static final int REQUEST_ID = 1 << 3;
    private static final int LEVEL = 1 << 4;
    private static final int TOKEN = 1 << 5;
    private static final int META_TOKEN = 1 << 6;
    private static final int META_VERSION = 1 << 7;
    private static final int META_TRACEPARENT = 1 << 8;
    private static final int META_TRACESTATE = 1 << 9;
    private static final int META_BAGGAGE = 1 << 10;
    private static final int META_TRACE = META_TRACEPARENT | META_TRACESTATE | META_BAGGAGE;

    private final JsonParser parser;
    private int seen; // bits of the members that came
    private boolean twice;
    private @Nullable String name;
    private @Nullable String uri;
    private @Nullable String level;
    private @Nullable String token;
    private @Nullable String metaToken;
    private @Nullable String modernVersion;
    private @Nullable String traceparent;
    private @Nullable String tracestate;
    private @Nullable String baggage;
    private @Nullable RequestId requestId;
    private @Nullable Span requestIdSpan;

    ParamsReader(JsonParser parser) {
        this.parser = parser;
    }

    /** Reads the object that the parser has just entered; returns what is wrong with it, or null. */
    @Nullable
    String read() {
        for (String member = parser.nextName(); member != null; member = parser.nextName()) {
            JsonToken value = parser.nextToken();
            switch (member) {
                case "name" -> name = once(NAME, Json.text(parser));
                case "uri" -> uri = once(URI, Json.text(parser));
                case "level" -> level = once(LEVEL, Json.text(parser));
                case "progressToken" -> token = once(TOKEN, bounded(Json.scalar(parser)));
                case "requestId" -> readRequestId();
                case "_meta" -> readMeta(value);
                default -> parser.skipChildren();
            }
        }
        return twice ? "A member of params must not come twice." : null;
    }

    /** What counts for a method. */
    Params of(String method) {
        boolean cancelled = method.equals(McpMethod.CANCELLED);
        String progressToken = method.equals(McpMethod.PROGRESS) ? token : metaToken;
        Params params = new Params(
                target(method),
                progressToken,
                cancelled ? requestId : null,
                cancelled ? requestIdSpan : null,
                modernVersion,
                method.equals(McpMethod.LOGGING_SET_LEVEL) ? level : null,
                (seen & META_TRACE) == 0 ? null : new TraceFields(traceparent, tracestate, baggage));
        return params.equals(Params.NONE) ? Params.NONE : params;
    }

    private @Nullable String target(String method) {
        boolean byUri = method.startsWith("resources/") || method.equals(McpMethod.RESOURCES_UPDATED);
        if (byUri) {
            return uri != null ? uri : name;
        }
        return name != null ? name : uri;
    }

    private void readRequestId() {
        int start = Json.tokenStart(parser);
        String json = bounded(once(REQUEST_ID, Json.scalar(parser)));
        if (json != null) {
            requestId = new RequestId(json);
            requestIdSpan = new Span(start, Json.position(parser));
        }
    }

    private void readMeta(JsonToken value) {
        once(META, null);
        if (value != JsonToken.START_OBJECT) {
            parser.skipChildren();
            return;
        }
        for (String member = parser.nextName(); member != null; member = parser.nextName()) {
            parser.nextToken();
            switch (member) {
                case "progressToken" -> metaToken = once(META_TOKEN, bounded(Json.scalar(parser)));
                case MODERN_VERSION -> modernVersion = once(META_VERSION, Json.text(parser));
                case TraceFields.TRACEPARENT ->
                    traceparent = once(META_TRACEPARENT, Json.text(parser, TraceFields.MAX_TRACEPARENT));
                case TraceFields.TRACESTATE ->
                    tracestate = once(META_TRACESTATE, Json.text(parser, TraceFields.MAX_TRACESTATE));
                case TraceFields.BAGGAGE -> baggage = once(META_BAGGAGE, Json.text(parser, TraceFields.MAX_BAGGAGE));
                default -> parser.skipChildren();
            }
        }
    }

    /** What is kept for as long as a request is open is bounded; beyond the bound it is not understood. */
    private static @Nullable String bounded(@Nullable String json) {
        return json == null || json.length() > RequestId.MAX_BYTES ? null : json;
    }

    private @Nullable String once(int member, @Nullable String value) {
        twice |= (seen & member) != 0;
        seen |= member;
        return value;
    }
}
