package dev.shadowcat.benchmarks;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.CredentialBinding;
import dev.shadowcat.store.Owner;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.SessionRecord;
import dev.shadowcat.store.SessionState;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StreamRecord;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Sessions and streams as the gateway itself stores them for a client without credentials. */
final class StoredSessions {
    private static final byte[] INITIALIZE = ("{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":"
                    + "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},"
                    + "\"clientInfo\":{\"name\":\"load-generator\",\"version\":\"1\"}}}")
            .getBytes(StandardCharsets.US_ASCII);

    private StoredSessions() {}

    static StoreWrite session(SessionId id, long nowMillis) {
        return new StoreWrite.PutSession(
                new SessionRecord(id, "", nowMillis, "2025-11-25", List.of("logging", "tools"), INITIALIZE),
                new SessionState(1, "stored", null, true, null, List.of(), CredentialBinding.NONE, 256, 0, Owner.ONLY),
                new SessionActivity(nowMillis, 0));
    }

    static StoreWrite stream(SessionId id, int number, long nowMillis, StreamRecord.Phase phase) {
        return new StoreWrite.PutStream(id, new StreamRecord(number, nowMillis, 1, List.of(), phase, Owner.ONLY));
    }
}
