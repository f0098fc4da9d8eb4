package dev.shadowcat.store;

import dev.shadowcat.event.SessionId;
import java.util.List;

/**
 * What a session is from its first moment to its last: written once, before the answer to {@code initialize}.
 *
 * @param id our id of the session
 * @param upstream the name of the upstream it belongs to; {@code ""} is the unnamed one
 * @param createdAtMillis wall-clock time, milliseconds since the epoch
 * @param protocolVersion the revision that client and upstream agreed on, such as {@code 2025-11-25}
 * @param capabilities what the upstream declared, flattened and sorted: {@code logging}, {@code tools}, {@code tools.listChanged}
 * @param initializeRequest the client's whole {@code initialize} message as its upstream got it, kept to initialize a lost
 *     upstream session anew
 */
@SuppressWarnings("ArrayRecordComponent") // written once and never compared
public record SessionRecord(
        SessionId id,
        String upstream,
        long createdAtMillis,
        String protocolVersion,
        List<String> capabilities,
        byte[] initializeRequest) {
    public SessionRecord {
        capabilities = List.copyOf(capabilities);
    }
}
