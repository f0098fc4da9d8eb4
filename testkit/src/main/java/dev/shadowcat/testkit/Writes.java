package dev.shadowcat.testkit;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.event.SpanIdentity;
import dev.shadowcat.store.CredentialBinding;
import dev.shadowcat.store.Owner;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.SessionRecord;
import dev.shadowcat.store.SessionState;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StreamRecord;
import dev.shadowcat.store.StreamRecord.OpenRequest;
import dev.shadowcat.store.StreamRecord.Phase;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes with plausible contents for tests that care about a few fields of them only. */
public final class Writes {
    public static final long CREATED_AT = 1_700_000_000_000L;

    private Writes() {}

    public static SessionRecord record(SessionId id) {
        return new SessionRecord(
                id,
                "files",
                CREATED_AT,
                "2025-11-25",
                List.of("logging", "tools", "tools.listChanged"),
                "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\"}".getBytes(StandardCharsets.UTF_8));
    }

    public static SessionState state(int generation) {
        return new SessionState(
                generation,
                "upstream-session-" + generation,
                "AWSALB=é; route=2",
                true,
                "warning",
                List.of("file:///a", "file:///b"),
                new CredentialBinding(List.of("00ff", "a1b2"), "c3d4"),
                128,
                0,
                new Owner("node-1", 7));
    }

    /** A state with everything absent that may be. */
    public static SessionState bareState() {
        return new SessionState(1, null, null, false, null, List.of(), CredentialBinding.NONE, 0, 0, Owner.ONLY);
    }

    public static StoreWrite.PutSession session(SessionId id) {
        return new StoreWrite.PutSession(record(id), state(1), new SessionActivity(CREATED_AT, 0));
    }

    public static StoreWrite.PutStream stream(SessionId id, int number) {
        return stream(id, number, Phase.OPEN);
    }

    public static StoreWrite.PutStream stream(SessionId id, int number, Phase phase) {
        return new StoreWrite.PutStream(
                id,
                new StreamRecord(
                        number,
                        CREATED_AT,
                        1,
                        List.of(new OpenRequest("1", "\"shadowcat-1\"", "tools/call")),
                        phase,
                        Owner.ONLY));
    }

    /** One that a recorded request began. */
    public static StoreWrite.PutStream stream(SessionId id, int number, SpanIdentity origin) {
        StreamRecord bare = stream(id, number).record();
        return new StoreWrite.PutStream(
                id,
                new StreamRecord(
                        number,
                        bare.createdAtMillis(),
                        bare.generation(),
                        bare.open(),
                        bare.phase(),
                        bare.owner(),
                        origin));
    }

    public static StoreWrite.AppendEvent event(SessionId id, int stream, long sequence) {
        return event(id, stream, sequence, null);
    }

    public static StoreWrite.AppendEvent event(SessionId id, int stream, long sequence, @Nullable String upstreamId) {
        return new StoreWrite.AppendEvent(
                id,
                stream,
                new Event(sequence, CREATED_AT + sequence, 1, false, upstreamId, message(id, stream, sequence)));
    }

    public static StoreWrite.AppendEvent answer(SessionId id, int stream, long sequence) {
        return new StoreWrite.AppendEvent(
                id, stream, new Event(sequence, CREATED_AT + sequence, 1, true, null, message(id, stream, sequence)));
    }

    public static byte[] message(SessionId id, int stream, long sequence) {
        return ("{\"session\":\"" + id + "\",\"stream\":" + stream + ",\"sequence\":" + sequence + "}")
                .getBytes(StandardCharsets.UTF_8);
    }
}
