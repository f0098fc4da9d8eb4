package dev.shadowcat.store;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where sessions, streams and events are kept. Every method may block; none is called on an event loop. Any may throw
 * {@link StoreException}, which means that the store cannot be reached or read now.
 */
public interface EventStore extends AutoCloseable {
    /**
     * Stores a batch, of each session all or nothing, in its order. Called by one thread at a time (the persistence worker).
     *
     * @return {@link AppendOutcome.Stored} once the batch is as durable as configured
     */
    AppendOutcome append(List<StoreWrite> batch);

    /** Brings everything appended before this call to the disk. Called by the sync thread, beside {@link #append}. */
    void sync();

    /** Reads a session; empty where there is none (never was, expired, deleted). */
    Optional<StoredSession> session(SessionId session);

    /** Reads all streams of a session in the order of their numbers. */
    List<StoredStream> streams(SessionId session);

    /** Reads one stream of a session. */
    Optional<StoredStream> stream(SessionId session, int stream);

    /**
     * Reads a stream's events after a sequence, in order, at most {@code maxEvents} of them, and no further event once
     * {@code maxBytes} are reached (at least one event is returned where there is one).
     */
    List<Event> read(SessionId session, int stream, long afterSequence, int maxEvents, long maxBytes);

    /** Reads sessions in the order of their ids, at most {@code limit}, from the one after {@code after} (null: from the start). */
    List<StoredSession> sessions(@Nullable SessionId after, int limit);

    /**
     * Deletes a session if it has not been active since: the store decides, whatever memory believes. Runs beside
     * {@link #append}, and either comes wholly before a batch or wholly after it.
     *
     * @param idleSinceMillis a session whose last activity is at this time or before it is deleted
     * @return whether it was deleted; false where it is not there
     */
    boolean expire(SessionId session, long idleSinceMillis);

    /**
     * Counts the times that this store may have lost acknowledged writes (power cuts). State written in an older epoch
     * must not be numbered on from where it seems to stand.
     */
    int bootEpoch();

    /** The key for hashing credentials: 32 random bytes, made with the store and kept in it. */
    byte[] credentialKey();

    /** Syncs and closes. */
    @Override
    void close();
}
