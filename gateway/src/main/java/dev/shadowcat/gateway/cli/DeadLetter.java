package dev.shadowcat.gateway.cli;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * One line of the dead-letter file.
 *
 * @param append the event in it; null where it is a record, which the session has written anew since, or never will
 */
record DeadLetter(ObjectNode fields, @Nullable AppendEvent append) {
    /** Empty where the line is not one, such as a last line that was cut off by a full disk, or where a part of it is broken. */
    static Optional<DeadLetter> parse(String line) {
        try {
            return JsonMapper.shared().readTree(line) instanceof ObjectNode fields && fields.has("session")
                    ? Optional.of(new DeadLetter(fields, append(fields)))
                    : Optional.empty();
        } catch (JacksonException | IllegalArgumentException broken) {
            return Optional.empty();
        }
    }

    Optional<AppendEvent> event() {
        return Optional.ofNullable(append);
    }

    /** The line for people: the message as text where it is asked for, else its size. */
    String shown(boolean payload) {
        ObjectNode shown = fields.deepCopy();
        shown.remove("message");
        if (append == null) {
            return shown.toString();
        }
        byte[] message = append.event().message();
        if (payload) {
            shown.put("message", new String(message, StandardCharsets.UTF_8));
        } else {
            shown.put("messageBytes", message.length);
        }
        if (append.event().upstreamId() != null) {
            shown.put("upstreamId", append.event().upstreamId());
        }
        return shown.toString();
    }

    private static @Nullable AppendEvent append(ObjectNode fields) {
        Optional<SessionId> session = SessionId.parse(fields.path("session").asString(""));
        if (session.isEmpty() || !fields.has("message") || !fields.has("generation")) {
            return null;
        }
        return new AppendEvent(
                session.get(),
                fields.path("stream").asInt(),
                new Event(
                        fields.path("sequence").asLong(),
                        fields.path("storedAt").asLong(),
                        fields.path("generation").asInt(),
                        fields.path("answer").asBoolean(),
                        fields.has("upstreamId")
                                ? new String(base64(fields, "upstreamId"), StandardCharsets.UTF_8)
                                : null,
                        base64(fields, "message")));
    }

    private static byte[] base64(ObjectNode fields, String name) {
        return Base64.getDecoder().decode(fields.path(name).asString(""));
    }
}
