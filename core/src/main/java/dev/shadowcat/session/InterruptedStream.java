package dev.shadowcat.session;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.mcp.MessageReader;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoredStream;
import dev.shadowcat.store.StreamRecord;
import dev.shadowcat.store.StreamRecord.OpenRequest;
import dev.shadowcat.store.StreamRecord.Phase;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A stream that a kill left open in the store: its last answers may have got there, and the record that says so not. What was
 * answered is owed no second answer. Blocks on the store; not on a loop.
 */
final class InterruptedStream {
    private InterruptedStream() {}

    /** The stream, without the requests that have their answer. */
    static StoredStream reconcile(EventStore store, SessionId session, StoredStream known) {
        StreamRecord record = known.record();
        if (record.phase() != Phase.OPEN || record.open().isEmpty() || known.lastSequence() == 0) {
            return known;
        }
        Set<String> answered =
                NewestEvents.read(store, session, record.number(), known.lastSequence()).events().stream()
                        .filter(Event::answer)
                        .flatMap(event -> MessageReader.read(event.message()).answered())
                        .map(RequestId::json)
                        .collect(Collectors.toSet());
        if (answered.isEmpty()) {
            return known;
        }
        List<OpenRequest> open = record.open().stream()
                .filter(request -> !answered.contains(request.id()))
                .toList();
        StreamRecord owed = new StreamRecord(
                record.number(),
                record.createdAtMillis(),
                record.generation(),
                open,
                record.phase(),
                record.owner(),
                record.origin());
        return new StoredStream(
                owed,
                known.trimmedThrough(),
                known.lastSequence(),
                known.upstreamCursor(),
                known.bytes(),
                known.answerBytes());
    }
}
