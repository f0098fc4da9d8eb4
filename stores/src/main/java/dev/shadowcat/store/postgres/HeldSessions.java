package dev.shadowcat.store.postgres;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.StoreWrite;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Where the streams of this node's sessions stand, as its own writes left them, so that most batches need not read it. It holds
 * while the database has the same {@link Fence}. One thread.
 */
final class HeldSessions {
    /** About as many as a node has live; a stream is some 200 bytes. */
    private static final int MAX_STREAMS = 32_768;

    private final LinkedHashMap<SessionId, Map<Integer, StreamTail>> sessions = new LinkedHashMap<>(16, 0.75f, true);
    private @Nullable Fence fence;
    private int streams;

    /** Null where nothing is known. */
    @Nullable
    Fence fence() {
        return fence;
    }

    /**
     * What becomes of each session that a batch names, in the order of their ids; null where that depends on what is not known, or
     * where the batch ends or begins something.
     */
    @Nullable
    Collection<SessionChange> changes(List<StoreWrite> batch) {
        for (StoreWrite write : batch) {
            if (!isKnown(write)) {
                return null;
            }
        }
        return SessionChange.of(
                batch, session -> new SessionChange(session, true, sessions.getOrDefault(session, Map.of())));
    }

    private boolean isKnown(StoreWrite write) {
        if (write instanceof StoreWrite.PutSession
                || write instanceof StoreWrite.DeleteSession
                || write instanceof StoreWrite.DeleteStream) {
            return false;
        }
        Map<Integer, StreamTail> known = sessions.get(write.session());
        OptionalInt stream = BatchReader.streamOf(write);
        return known != null && (stream.isEmpty() || known.containsKey(stream.getAsInt()));
    }

    /**
     * What was stored, under a fence; null says that nothing of it may be relied on later.
     *
     * @param stored all of the batch
     */
    void stored(@Nullable Fence under, Collection<SessionChange> stored) {
        if (under == null || !under.equals(fence)) {
            forget();
            fence = under;
        }
        if (under != null) {
            stored.forEach(this::stored);
            shrink();
        }
    }

    private void stored(SessionChange session) {
        if (!session.exists()) {
            forget(session.id);
            return;
        }
        if (session.dropsStreams()) {
            forget(session.id);
        }
        Map<Integer, StreamTail> known = sessions.computeIfAbsent(session.id, _ -> new HashMap<>(2));
        for (StreamChange stream : session.streams()) {
            StreamTail before = stream.exists() ? known.put(stream.number, stream.tail()) : known.remove(stream.number);
            streams += (stream.exists() ? 1 : 0) - (before == null ? 0 : 1);
        }
    }

    private void forget(SessionId session) {
        Map<Integer, StreamTail> known = sessions.remove(session);
        streams -= known == null ? 0 : known.size();
    }

    private void shrink() {
        Iterator<Map<Integer, StreamTail>> eldest = sessions.values().iterator();
        while ((streams > MAX_STREAMS || sessions.size() > MAX_STREAMS) && eldest.hasNext()) {
            streams -= eldest.next().size();
            eldest.remove();
        }
    }

    /** All of it has to be read again. */
    void forget() {
        sessions.clear();
        streams = 0;
        fence = null;
    }
}
