package dev.shadowcat.store;

import dev.shadowcat.event.SpanIdentity;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a stream before its first byte went out, and again when it ends.
 *
 * @param number the stream's number in its session; 0 is the standalone stream
 * @param createdAtMillis wall-clock time, milliseconds since the epoch
 * @param generation the upstream generation that it belongs to
 * @param open the requests that it still owes an answer
 * @param phase whether more events may come
 * @param owner the node that may append to it
 * @param origin the request that began it, for who comes back later to link to; null where none was recorded
 */
public record StreamRecord(
        int number,
        long createdAtMillis,
        int generation,
        List<OpenRequest> open,
        Phase phase,
        Owner owner,
        @Nullable SpanIdentity origin) {
    public StreamRecord {
        open = List.copyOf(open);
    }

    /** One that no recorded request began. */
    public StreamRecord(
            int number, long createdAtMillis, int generation, List<OpenRequest> open, Phase phase, Owner owner) {
        this(number, createdAtMillis, generation, open, phase, owner, null);
    }

    /** Whether more events may come on a stream. */
    public enum Phase {
        /** Events may come. */
        OPEN,
        /** Every request was answered; no event comes any more. */
        FINISHED,
        /** The client cancelled; it ends without an answer. */
        CANCELLED
    }

    /**
     * A request that waits for its answer.
     *
     * @param id the client's id of it, as JSON text
     * @param upstreamId the id that the upstream knows it by, as JSON text; the same unless it had to be replaced
     * @param method such as {@code tools/call}
     */
    public record OpenRequest(String id, String upstreamId, String method) {}
}
