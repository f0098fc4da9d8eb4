package dev.shadowcat.session;

import dev.shadowcat.store.StoredSession;
import dev.shadowcat.store.StoredStream;
import java.util.List;

/** A session without a gateway. */
final class StressSession extends Session {
    StressSession(SessionServices services, SessionLoop loop, StoredSession known, List<StoredStream> streams) {
        super(services, loop, known, streams);
    }
}
