package dev.shadowcat.store.postgres;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.SessionRecord;
import dev.shadowcat.store.SessionState;
import dev.shadowcat.store.StoreWrite;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What becomes of one session in a batch, write by write. One thread. */
final class SessionChange {
    final SessionId id;
    final UUID key;
    private final boolean stored;
    private final Map<Integer, StreamTail> storedStreams;
    private final Map<Integer, StreamChange> streams = new HashMap<>();

    private boolean exists;
    private boolean ended; // once at least, however it stands now
    private @Nullable SessionRecord record;
    private @Nullable SessionState state;
    private @Nullable SessionActivity activity;

    /**
     * @param stored whether the database has it
     * @param storedStreams of the streams that the batch names, those that the database has
     */
    SessionChange(SessionId id, boolean stored, Map<Integer, StreamTail> storedStreams) {
        this.id = id;
        this.key = Uuids.of(id);
        this.stored = stored;
        this.storedStreams = storedStreams;
        this.exists = stored;
    }

    /** What becomes of each session that a batch names, in the order of their ids. */
    static Collection<SessionChange> of(List<StoreWrite> batch, Function<SessionId, SessionChange> beginning) {
        NavigableMap<SessionId, SessionChange> changes = new TreeMap<>();
        for (StoreWrite write : batch) {
            changes.computeIfAbsent(write.session(), beginning).apply(write);
        }
        return changes.values();
    }

    void apply(StoreWrite write) {
        if (write instanceof StoreWrite.PutSession put) {
            exists = true;
            record = put.record();
            state = put.state();
            activity = put.activity();
            return;
        }
        if (!exists) {
            return;
        }
        switch (write) {
            case StoreWrite.PutSession _ -> throw new AssertionError("handled above");
            case StoreWrite.PutSessionState put -> state = put.state();
            case StoreWrite.TouchSession touch -> activity = touch.activity();
            case StoreWrite.PutStream put -> stream(put.record().number()).put(put.record());
            case StoreWrite.AppendEvent append -> stream(append.stream()).append(append.event());
            case StoreWrite.MoveUpstreamCursor move -> stream(move.stream()).move(move);
            case StoreWrite.TrimStream trim -> stream(trim.stream()).trim(trim.throughSequence());
            case StoreWrite.DeleteStream delete -> stream(delete.stream()).delete();
            case StoreWrite.DeleteSession _ -> end();
        }
    }

    private StreamChange stream(int number) {
        return streams.computeIfAbsent(
                number, _ -> new StreamChange(key, number, ended ? null : storedStreams.get(number)));
    }

    private void end() {
        exists = false;
        ended = true;
        record = null;
        state = null;
        activity = null;
        streams.clear();
    }

    Collection<StreamChange> streams() {
        return streams.values();
    }

    @Nullable
    SessionRecord record() {
        return record;
    }

    @Nullable
    SessionState state() {
        return state;
    }

    @Nullable
    SessionActivity activity() {
        return activity;
    }

    /** Whether it is there once the batch is stored. */
    boolean exists() {
        return exists;
    }

    boolean isInserted() {
        return exists && !stored;
    }

    boolean isDeleted() {
        return !exists && stored;
    }

    /** Whether all of its stored streams go. */
    boolean dropsStreams() {
        return ended && stored;
    }

    boolean updatesActivity() {
        return exists && stored && activity != null;
    }

    boolean updatesRecords() {
        return exists && stored && (record != null || state != null);
    }
}
