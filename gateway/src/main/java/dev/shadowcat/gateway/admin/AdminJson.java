package dev.shadowcat.gateway.admin;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.EventId;
import dev.shadowcat.store.StoredSession;
import dev.shadowcat.store.StoredStream;
import dev.shadowcat.store.StreamRecord;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** Sessions and events as JSON, one object a line: what the admin port serves and the command line prints. */
public final class AdminJson {
    private static final JsonFactory JSON = new JsonFactory();

    private AdminJson() {}

    /**
     * A session in one line, without credentials and without the upstream's session id.
     *
     * @param id whole or shortened, as the reader may see it
     * @param openStreams client connections now; negative where nobody knows
     */
    public static String session(StoredSession session, List<StoredStream> streams, String id, int openStreams) {
        return write(json -> {
            json.writeStringProperty("session", id);
            json.writeStringProperty("upstream", session.record().upstream());
            json.writeStringProperty("protocolVersion", session.record().protocolVersion());
            json.writeStringProperty("created", instant(session.record().createdAtMillis()));
            json.writeStringProperty("lastActive", instant(session.activity().lastActiveMillis()));
            json.writeNumberProperty("generation", session.state().generation());
            if (openStreams >= 0) {
                json.writeNumberProperty("openStreams", openStreams);
            }
            json.writeArrayPropertyStart("streams");
            for (StoredStream stream : streams) {
                stream(stream, json);
            }
            json.writeEndArray();
        });
    }

    /** An event in one line; its message stands in it as it is. A gap has none. */
    public static String event(int stream, Event event) {
        return write(json -> {
            json.writeStringProperty("id", new EventId(stream, event.sequence()).toString());
            json.writeStringProperty("stored", instant(event.storedAtMillis()));
            json.writeNumberProperty("generation", event.generation());
            if (event.upstreamId() != null) {
                json.writeStringProperty("upstreamId", event.upstreamId());
            }
            if (event.gap()) {
                json.writeBooleanProperty("gap", true);
                return;
            }
            json.writeName("message");
            json.writeRawValue(oneLine(event.message()));
        });
    }

    /** What /ready answers. */
    static String readiness(List<String> degraded) {
        return write(json -> {
            json.writeStringProperty("status", degraded.isEmpty() ? "ready" : "degraded");
            json.writeArrayPropertyStart("reasons");
            degraded.forEach(json::writeString);
            json.writeEndArray();
        });
    }

    static String reloaded(String changes) {
        return write(json -> json.writeStringProperty("reloaded", changes));
    }

    static String error(String message) {
        return write(json -> json.writeStringProperty("error", message));
    }

    private static void stream(StoredStream stream, JsonGenerator json) {
        StreamRecord record = stream.record();
        json.writeStartObject();
        json.writeNumberProperty("stream", record.number());
        json.writeStringProperty("phase", record.phase().name().toLowerCase(Locale.ROOT));
        json.writeNumberProperty("lastSequence", stream.lastSequence());
        json.writeNumberProperty("bytes", stream.bytes());
        json.writeArrayPropertyStart("open");
        record.open().forEach(request -> json.writeString(request.method()));
        json.writeEndArray();
        json.writeEndObject();
    }

    /** A line break in JSON text is only ever white space between tokens. */
    private static String oneLine(byte[] message) {
        return new String(message, StandardCharsets.UTF_8).replace('\r', ' ').replace('\n', ' ');
    }

    private static String instant(long millis) {
        return Instant.ofEpochMilli(millis).toString();
    }

    private static String write(Members members) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), text)) {
            json.writeStartObject();
            members.write(json);
            json.writeEndObject();
        }
        return text.toString();
    }

    private interface Members {
        void write(JsonGenerator json);
    }
}
