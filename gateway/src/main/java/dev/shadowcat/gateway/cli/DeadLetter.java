package dev.shadowcat.gateway.cli;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.StoreWrite;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * One line of the dead-letter file.
 *
 * @param line as it stands there
 */
record DeadLetter(String line, ObjectNode fields) {
    /** Empty where the line is not one, such as a last line that was cut off by a full disk. */
    static Optional<DeadLetter> parse(String line) {
        try {
            return JsonMapper.shared().readTree(line) instanceof ObjectNode fields && fields.has("session")
                    ? Optional.of(new DeadLetter(line, fields))
                    : Optional.empty();
        } catch (JacksonException broken) {
            return Optional.empty();
        }
    }

    /** The line for people: the message as text where it is asked for, else its size. */
    String shown(boolean payload) {
        ObjectNode shown = fields.deepCopy();
        JsonNode message = shown.remove("message");
        if (message != null) {
            byte[] bytes = Base64.getDecoder().decode(message.asString(""));
            if (payload) {
                shown.put("message", new String(bytes, StandardCharsets.UTF_8));
            } else {
                shown.put("messageBytes", bytes.length);
            }
        }
        if (shown.has("upstreamId")) {
            shown.put("upstreamId", text("upstreamId"));
        }
        return shown.toString();
    }

    /** The event in it; empty where it is a record, which the session has written anew since, or never will. */
    Optional<StoreWrite.AppendEvent> event() {
        Optional<SessionId> session = SessionId.parse(fields.path("session").asString(""));
        if (session.isEmpty() || !fields.has("message") || !fields.has("generation")) {
            return Optional.empty();
        }
        return Optional.of(new StoreWrite.AppendEvent(
                session.get(),
                fields.path("stream").asInt(),
                new Event(
                        fields.path("sequence").asLong(),
                        fields.path("storedAt").asLong(),
                        fields.path("generation").asInt(),
                        fields.path("answer").asBoolean(),
                        fields.has("upstreamId") ? text("upstreamId") : null,
                        Base64.getDecoder().decode(fields.path("message").asString("")))));
    }

    private String text(String name) {
        return new String(Base64.getDecoder().decode(fields.path(name).asString("")), StandardCharsets.UTF_8);
    }
}
