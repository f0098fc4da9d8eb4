package dev.shadowcat.persist;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import dev.shadowcat.store.StoreWrite.PutStream;

/** Which stream of which session a write belongs to. */
record StreamKey(SessionId session, int number) {
    static StreamKey of(AppendEvent append) {
        return new StreamKey(append.session(), append.stream());
    }

    static StreamKey of(PutStream put) {
        return new StreamKey(put.session(), put.record().number());
    }
}
