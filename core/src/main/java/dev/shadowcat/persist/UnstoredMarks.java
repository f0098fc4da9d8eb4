package dev.shadowcat.persist;

import dev.shadowcat.event.SessionId;

/** Which streams may send events on that the store does not have: what a kill in an outage leaves of it. Called by the worker. */
public interface UnstoredMarks {
    /** For a store that forgets everything with the process. */
    UnstoredMarks NONE = new UnstoredMarks() {
        @Override
        public void begin(SessionId session, int stream) {}

        @Override
        public void clear() {}
    };

    /** Events of the stream may go on unstored from now on; once or many times. Must not throw. */
    void begin(SessionId session, int stream);

    /** Whatever went on unstored is in the store now, or a gap in its place. Must not throw. */
    void clear();
}
