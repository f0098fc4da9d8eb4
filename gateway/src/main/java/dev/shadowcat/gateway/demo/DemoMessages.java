package dev.shadowcat.gateway.demo;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The messages that the demo server sends. */
final class DemoMessages {
    static final JsonMapper JSON = JsonMapper.shared();

    private static final String TOOLS = """
            {"tools":[
             {"name":"echo","description":"Says the text back.",
              "inputSchema":{"type":"object","properties":{"text":{"type":"string"}},"required":["text"]}},
             {"name":"slow","description":"Takes a step every so often, tells its progress, then answers.",
              "inputSchema":{"type":"object","properties":{
               "steps":{"type":"integer","minimum":1,"maximum":1000},
               "millis":{"type":"integer","minimum":1,"maximum":60000}}}},
             {"name":"announce","description":"Sends log messages on the standalone stream.",
              "inputSchema":{"type":"object","properties":{
               "count":{"type":"integer","minimum":1,"maximum":1000},
               "millis":{"type":"integer","minimum":1,"maximum":60000}}}}]}
            """;

    private DemoMessages() {}

    static byte[] initialized(JsonNode id, String version) {
        ObjectNode result = JSON.createObjectNode().put("protocolVersion", version);
        result.putObject("capabilities").putObject("tools");
        result.withObject("/capabilities").putObject("logging");
        result.putObject("serverInfo").put("name", "shadowcat-demo").put("version", "1");
        result.put("instructions", "Tools to try a gateway with: echo, slow, announce.");
        return result(id, result);
    }

    static byte[] tools(JsonNode id) {
        return result(id, JSON.readTree(TOOLS));
    }

    static byte[] text(JsonNode id, String text) {
        ObjectNode result = JSON.createObjectNode();
        result.putArray("content").addObject().put("type", "text").put("text", text);
        return result(id, result);
    }

    static byte[] empty(JsonNode id) {
        return result(id, JSON.createObjectNode());
    }

    static byte[] result(JsonNode id, JsonNode result) {
        ObjectNode message = JSON.createObjectNode().put("jsonrpc", "2.0");
        message.set("id", id);
        message.set("result", result);
        return JSON.writeValueAsBytes(message);
    }

    static byte[] error(JsonNode id, int code, String text) {
        ObjectNode message = JSON.createObjectNode().put("jsonrpc", "2.0");
        message.set("id", id);
        message.putObject("error").put("code", code).put("message", text);
        return JSON.writeValueAsBytes(message);
    }

    static byte[] progress(JsonNode token, int step, int steps) {
        ObjectNode message = notification("notifications/progress");
        message.withObject("/params").set("progressToken", token);
        message.withObject("/params")
                .put("progress", step)
                .put("total", steps)
                .put("message", "step " + step + " of " + steps);
        return JSON.writeValueAsBytes(message);
    }

    static byte[] log(String text) {
        ObjectNode message = notification("notifications/message");
        message.withObject("/params").put("level", "info").put("logger", "demo").put("data", text);
        return JSON.writeValueAsBytes(message);
    }

    private static ObjectNode notification(String method) {
        ObjectNode message = JSON.createObjectNode().put("jsonrpc", "2.0").put("method", method);
        message.putObject("params");
        return message;
    }
}
