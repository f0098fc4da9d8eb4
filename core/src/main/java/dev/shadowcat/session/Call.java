package dev.shadowcat.session;

import dev.shadowcat.mcp.Envelope;
import dev.shadowcat.mcp.Failure;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.memory.Footprint;
import dev.shadowcat.memory.Measured;
import dev.shadowcat.observe.Operation;
import dev.shadowcat.store.StreamRecord;
import org.jspecify.annotations.Nullable;

/**
 * One request of a client that still has no answer. The session's thread only.
 *
 * @param clientId the id that the client gave it
 * @param upstreamId the id that the upstream knows it by: another one where the client's was still open
 * @param method such as {@code tools/call}
 * @param progressToken as JSON text; null without one
 * @param operation who follows it
 */
public record Call(
        RequestId clientId,
        RequestId upstreamId,
        String method,
        @Nullable String progressToken,
        Operation operation) implements Measured {
    static Call of(StreamRecord.OpenRequest open) {
        return new Call(
                new RequestId(open.id()), new RequestId(open.upstreamId()), open.method(), null, Operation.NONE);
    }

    /** Tells its operation of its answer. */
    public void answered(Envelope answer) {
        answered(operation, answer);
    }

    /** Tells an operation of its answer. */
    public static void answered(Operation operation, Envelope answer) {
        switch (answer.failure()) {
            case null -> operation.succeeded();
            case Failure.Tool _ -> operation.toolFailed();
            case Failure.Refused error -> operation.failed(error.code(), error.message());
        }
    }

    @Override
    public void measure(Footprint footprint) {
        footprint
                .add(this)
                .add(clientId)
                .text(clientId.json())
                .text(progressToken)
                .measured(operation);
        if (!upstreamId.equals(clientId)) { // else they are one object
            footprint.add(upstreamId).text(upstreamId.json());
        }
    }

    StreamRecord.OpenRequest record() {
        return new StreamRecord.OpenRequest(clientId.json(), upstreamId.json(), method);
    }
}
