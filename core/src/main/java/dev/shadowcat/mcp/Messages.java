package dev.shadowcat.mcp;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The messages that a gateway writes itself, each as UTF-8 on one line. */
public final class Messages {
    private static final String LIST_CHANGED = ".listChanged";

    private Messages() {}

    /** An error that answers the request with this id, or none that is known. */
    public static byte[] error(@Nullable RequestId id, int code, String message) {
        return error(id, code, message, Map.of());
    }

    /**
     * An error that answers the request with this id, or none that is known.
     *
     * @param data further facts, left out where empty; its values are strings, numbers, booleans, nulls, or collections and
     *     maps of these
     */
    public static byte[] error(@Nullable RequestId id, int code, String message, Map<String, ?> data) {
        StringBuilder json = new StringBuilder(160);
        json.append("{\"jsonrpc\":\"2.0\",\"id\":").append(id == null ? "null" : id.json());
        json.append(",\"error\":{\"code\":").append(code).append(",\"message\":");
        JsonText.quote(message, json);
        if (!data.isEmpty()) {
            json.append(",\"data\":");
            value(data, json);
        }
        return bytes(json.append("}}"));
    }

    /** A result with this object as its body. */
    public static byte[] result(RequestId id, Map<String, ?> body) {
        StringBuilder json = new StringBuilder(160);
        json.append("{\"jsonrpc\":\"2.0\",\"id\":").append(id.json()).append(",\"result\":");
        value(body, json);
        return bytes(json.append('}'));
    }

    /** A request. */
    public static byte[] request(RequestId id, String method, Map<String, ?> params) {
        StringBuilder json = new StringBuilder(160);
        json.append("{\"jsonrpc\":\"2.0\",\"id\":").append(id.json());
        return bytes(call(method, params, json));
    }

    /** A notification. */
    public static byte[] notification(String method, Map<String, ?> params) {
        return bytes(call(method, params, new StringBuilder(160).append("{\"jsonrpc\":\"2.0\"")));
    }

    /** Something for the client's log, {@code notifications/message}. */
    public static byte[] log(String level, String logger, String text) {
        StringBuilder json = new StringBuilder(160);
        json.append("{\"jsonrpc\":\"2.0\",\"method\":\"")
                .append(McpMethod.MESSAGE)
                .append("\",\"params\":{\"level\":");
        JsonText.quote(level, json);
        json.append(",\"logger\":");
        JsonText.quote(logger, json);
        json.append(",\"data\":");
        JsonText.quote(text, json);
        return bytes(json.append("}}"));
    }

    /** The {@code list_changed} notifications that a server with these capabilities (see {@link InitializeResult}) may send. */
    public static List<byte[]> listsChanged(List<String> capabilities) {
        return capabilities.stream()
                .filter(path -> path.endsWith(LIST_CHANGED))
                .map(path -> path.substring(0, path.length() - LIST_CHANGED.length()))
                .filter(list -> list.equals("tools") || list.equals("prompts") || list.equals("resources"))
                .map(list -> notification("notifications/" + list + "/list_changed", Map.of()))
                .toList();
    }

    /** Asks whether the peer is there. */
    public static byte[] ping(RequestId id) {
        return request(id, McpMethod.PING, Map.of());
    }

    /** Takes a request back. */
    public static byte[] cancelled(RequestId request, String reason) {
        StringBuilder json = new StringBuilder(160);
        json.append("{\"jsonrpc\":\"2.0\",\"method\":\"").append(McpMethod.CANCELLED);
        json.append("\",\"params\":{\"requestId\":").append(request.json()).append(",\"reason\":");
        JsonText.quote(reason, json);
        return bytes(json.append("}}"));
    }

    /** Opens a session of this revision, as a client without capabilities. */
    public static byte[] initialize(RequestId id, String protocolVersion, String clientName, String clientVersion) {
        StringBuilder json = new StringBuilder(200);
        json.append("{\"jsonrpc\":\"2.0\",\"id\":").append(id.json());
        json.append(",\"method\":\"initialize\",\"params\":{\"protocolVersion\":");
        JsonText.quote(protocolVersion, json);
        json.append(",\"capabilities\":{},\"clientInfo\":{\"name\":");
        JsonText.quote(clientName, json);
        json.append(",\"version\":");
        JsonText.quote(clientVersion, json);
        return bytes(json.append("}}}"));
    }

    /** Tells the server that the session may begin. */
    public static byte[] initialized() {
        return notification(McpMethod.INITIALIZED, Map.of());
    }

    /** Sets the least level that the server logs to the client. */
    public static byte[] setLevel(RequestId id, String level) {
        return request(id, McpMethod.LOGGING_SET_LEVEL, Map.of("level", level));
    }

    /** Subscribes to the changes of a resource. */
    public static byte[] subscribe(RequestId id, String uri) {
        return request(id, McpMethod.RESOURCES_SUBSCRIBE, Map.of("uri", uri));
    }

    private static StringBuilder call(String method, Map<String, ?> params, StringBuilder json) {
        json.append(",\"method\":");
        JsonText.quote(method, json);
        if (!params.isEmpty()) {
            json.append(",\"params\":");
            value(params, json);
        }
        return json.append('}');
    }

    private static void value(@Nullable Object value, StringBuilder json) {
        switch (value) {
            case null -> json.append("null");
            case String text -> JsonText.quote(text, json);
            case RequestId id -> json.append(id.json());
            case Boolean truth -> json.append(truth.booleanValue());
            case Integer number -> json.append(number.intValue());
            case Long number -> json.append(number.longValue());
            case Collection<?> items -> {
                json.append('[');
                String comma = "";
                for (Object item : items) {
                    json.append(comma);
                    value(item, json);
                    comma = ",";
                }
                json.append(']');
            }
            case Map<?, ?> members -> {
                json.append('{');
                String comma = "";
                for (Map.Entry<?, ?> member : members.entrySet()) {
                    json.append(comma);
                    JsonText.quote((String) member.getKey(), json);
                    json.append(':');
                    value(member.getValue(), json);
                    comma = ",";
                }
                json.append('}');
            }
            default ->
                throw new IllegalArgumentException(
                        "no JSON for a " + value.getClass().getName());
        }
    }

    private static byte[] bytes(StringBuilder json) {
        return json.toString().getBytes(StandardCharsets.UTF_8);
    }
}
