package dev.shadowcat.testkit;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.SessionRecord;
import dev.shadowcat.store.SessionState;
import dev.shadowcat.store.StoredSession;
import dev.shadowcat.store.StoredStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Everything that a store holds, or the model of one, as lines of text that can be compared and read. */
final class Pictures {
    private Pictures() {}

    static List<String> of(EventStore store) {
        List<String> lines = new ArrayList<>();
        for (StoredSession session : store.sessions(null, Integer.MAX_VALUE)) {
            SessionId id = session.record().id();
            lines.add(session(session.record(), session.state(), session.activity()));
            for (StoredStream stream : store.streams(id)) {
                lines.add(stream(stream));
                for (Event event : store.read(id, stream.record().number(), 0, Integer.MAX_VALUE, Long.MAX_VALUE)) {
                    lines.add(event(event));
                }
            }
        }
        return lines;
    }

    static List<String> of(StoreModel model) {
        List<String> lines = new ArrayList<>();
        for (StoreModel.Session session : model.sessions.values()) {
            lines.add(session(session.record, session.state, session.activity));
            for (Map.Entry<Integer, StoreModel.Stream> entry : session.streams.entrySet()) {
                StoreModel.Stream stream = entry.getValue();
                List<Event> kept = stream.kept();
                long bytes = kept.stream().mapToLong(Event::bytes).sum();
                long answerBytes = kept.stream()
                        .filter(Event::answer)
                        .mapToLong(Event::bytes)
                        .sum();
                lines.add(stream(new StoredStream(
                        stream.record,
                        stream.trimmedThrough,
                        stream.lastSequence(),
                        stream.upstreamCursor(),
                        bytes,
                        answerBytes)));
                kept.forEach(event -> lines.add(event(event)));
            }
        }
        return lines;
    }

    static String session(SessionRecord record, SessionState state, SessionActivity activity) {
        return "session " + record.id() + " " + record.upstream() + " " + record.createdAtMillis() + " "
                + record.protocolVersion() + " " + record.capabilities() + " " + hex(record.initializeRequest()) + " "
                + state + " " + activity;
    }

    static String stream(@Nullable StoredStream stream) {
        return "  stream " + stream;
    }

    static String event(Event event) {
        return "    event " + event.sequence() + " " + event.storedAtMillis() + " " + event.generation() + " "
                + event.answer() + " " + event.upstreamId() + " " + hex(event.message());
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
