package dev.shadowcat.session;

import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.store.StreamRecord;
import org.jspecify.annotations.Nullable;

/**
 * One request of a client that still has no answer. The session's thread only.
 *
 * @param clientId the id that the client gave it
 * @param upstreamId the id that the upstream knows it by: another one where the client's was still open
 * @param method such as {@code tools/call}
 * @param progressToken as JSON text; null without one
 */
public record Call(
        RequestId clientId,
        RequestId upstreamId,
        String method,
        @Nullable String progressToken) {
    static Call of(StreamRecord.OpenRequest open) {
        return new Call(new RequestId(open.id()), new RequestId(open.upstreamId()), open.method(), null);
    }

    StreamRecord.OpenRequest record() {
        return new StreamRecord.OpenRequest(clientId.json(), upstreamId.json(), method);
    }
}
