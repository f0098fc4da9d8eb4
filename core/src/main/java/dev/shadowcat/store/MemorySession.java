package dev.shadowcat.store;

import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/** One session of a {@link MemoryStore} and its streams; guarded by the store's lock. */
final class MemorySession {
    final NavigableMap<Integer, MemoryStream> streams = new TreeMap<>();
    private SessionRecord record;
    SessionState state;
    SessionActivity activity;

    MemorySession(StoreWrite.PutSession put) {
        this.record = put.record();
        this.state = put.state();
        this.activity = put.activity();
    }

    void replace(StoreWrite.PutSession put) {
        record = put.record();
        state = put.state();
        activity = put.activity();
    }

    void put(StreamRecord stream) {
        streams.computeIfAbsent(stream.number(), _ -> new MemoryStream(stream)).record = stream;
    }

    Optional<MemoryStream> stream(int number) {
        return Optional.ofNullable(streams.get(number));
    }

    void delete(int number, EventRing ring) {
        MemoryStream stream = streams.remove(number);
        if (stream != null) {
            stream.clear(ring);
        }
    }

    StoredSession stored() {
        return new StoredSession(record, state, activity);
    }
}
