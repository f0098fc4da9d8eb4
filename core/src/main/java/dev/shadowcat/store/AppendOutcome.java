package dev.shadowcat.store;

import dev.shadowcat.event.SessionId;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * What became of a batch. What it holds of one session is atomic: all of that is stored or none. A store on one machine keeps the
 * whole batch so; one that is spread over several may have stored some sessions' writes when it fails for others, which does no
 * harm, since each write may be sent again.
 */
public sealed interface AppendOutcome {
    /** All of it is stored, as durable as the store promises. */
    record Stored() implements AppendOutcome {
        public static final Stored ALL = new Stored();
    }

    /**
     * Nothing of the part that fails is known to be stored; the same batch may succeed later. A store that throws an exception
     * means the same.
     *
     * @param retryAfter the least time until the next try; zero where the store has no opinion
     * @param part what fails: a batch without its writes may succeed at once
     */
    record Busy(Duration retryAfter, String reason, Partition part) implements AppendOutcome {
        /** The whole store fails, or it cannot tell which part of it. */
        public Busy(Duration retryAfter, String reason) {
            this(retryAfter, reason, Partition.WHOLE);
        }
    }

    /**
     * The writes to blame were not stored, nor anything else of their sessions, and the batch will never be taken as it is.
     *
     * @param writes those of the batch that are to blame, the very objects; empty where the store does not know
     */
    record Refused(String reason, List<StoreWrite> writes) implements AppendOutcome {
        public Refused {
            writes = List.copyOf(writes);
        }

        /** It is not known which writes are to blame. */
        public Refused(String reason) {
            this(reason, List.of());
        }
    }

    /**
     * Nothing was stored of these sessions: other nodes hold them, or nobody. The batch without writes to them may succeed at once.
     *
     * @param sessions at least one, all named in the batch
     */
    record Lost(Set<SessionId> sessions) implements AppendOutcome {
        public Lost {
            sessions = Set.copyOf(sessions);
        }
    }
}
