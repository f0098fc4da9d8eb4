package dev.shadowcat.store;

import java.time.Duration;

/** What became of a batch. A batch is atomic: all of it is stored or none. */
public sealed interface AppendOutcome {
    /** All of it is stored, as durable as the store promises. */
    record Stored() implements AppendOutcome {
        public static final Stored ALL = new Stored();
    }

    /** Nothing is known to be stored; the same batch may succeed later. A store that throws means the same. */
    record Busy(Duration retryAfter, String reason) implements AppendOutcome {}

    /** Nothing was stored, and the batch will never be taken as it is. */
    record Refused(String reason) implements AppendOutcome {}
}
