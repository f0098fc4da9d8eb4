package dev.shadowcat.observe;

import dev.shadowcat.event.SpanIdentity;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * What telemetry may listen to. Called on hot paths, from event loops and from the worker: implementations neither block
 * nor do more than note what they are told. Every method does nothing by default.
 */
public interface Observer {
    /** What a flush may name of the requests whose events it holds. */
    int MAX_FLUSHED_REQUESTS = 32;

    Observer NONE = new Observer() {};

    /** A batch was stored: its writes, the events among them, and the store's own time. */
    default void batchStored(int writes, int events, long nanos) {}

    /** Whether {@link #flushed} is to be told of recorded requests: else nobody looks for them. */
    default boolean followsFlushes() {
        return false;
    }

    /**
     * The store was called with events of recorded requests.
     *
     * @param requests those requests, each once, {@link #MAX_FLUSHED_REQUESTS} at most
     * @param nanos the store's own time, until now
     * @param failure why the store did not take them; null where it did
     */
    default void flushed(Collection<SpanIdentity> requests, int writes, long nanos, @Nullable String failure) {}

    /** An event was stored this long after it was offered. */
    default void eventStored(long nanosSinceOffer) {}

    /** An attempt to store a batch failed. */
    default void batchFailed(String reason) {}

    /** What the store failed to take is sent again. */
    default void batchRetried() {}

    /** Events were sent to a client without being stored, and without an id. */
    default void unstoredDelivered(int events) {}

    /** Writes will never be stored. */
    default void dropped(Dropped why, int writes) {}

    /** An activity update superseded one that was still waiting. */
    default void activityCoalesced() {}

    /** An activity update was skipped because too many were waiting. */
    default void activitySkipped() {}

    /** The queue made an upstream wait. */
    default void backPressure() {}

    /** The queue has room again for a session that it made wait for so long. */
    default void backPressureEnded(long nanos) {}

    /** Activity updates were written together, the oldest of them after so long. */
    default void activityFlushed(int updates, long nanos) {}

    /** A session was used: an activity update, before any was coalesced or skipped. */
    default void activityUpdated() {}

    /** An upstream repeated an event that was recorded before. */
    default void repeatDropped() {}

    /** An upstream sent what does not belong on this stream. */
    default void strayDropped() {}

    /** An event came from an upstream, or is Shadowcat's own in its stream. */
    default void eventReceived() {}

    /** An event was written to a client. */
    default void eventSent() {}

    /** A client came back to a stream with a cursor. */
    default void resumed(Resumed outcome) {}

    /** A client was told that events before those it gets next are gone. */
    default void gapTold() {}

    /** Stored events were read again for a client. */
    default void replayed(int events) {}

    /**
     * A client that is behind is read for from the store.
     *
     * @return a mark of the time, for {@link #replayEnded}
     */
    default long replayBegan() {
        return 0;
    }

    /** A client has caught up. */
    default void replayEnded(long began) {}

    /** So many sessions are in the store now, all of them counted. */
    default void sessionsCounted(long sessions) {}

    /** A session began. */
    default void sessionCreated() {}

    /** A session was removed after its idle time. */
    default void sessionExpired() {}

    /** A session was ended by its client, or because its upstream has lost it. */
    default void sessionDeleted() {}

    /** An idle session left memory; it stays in the store. */
    default void sessionEvicted() {}

    /** Another node took a session of this one, whose lease had run out. */
    default void sessionLost() {}

    /** A request was answered by the node that holds its session. */
    default void forwarded() {}

    /** A request that was sent on to another node got no answer of it. */
    default void forwardFailed(ForwardFailure why) {}

    /** The store was asked whose a session is. */
    default void sessionClaimed(Claimed outcome) {}

    /** A session in memory was measured. */
    default void sessionMeasured(long bytes) {}

    /** A quiet client was sent a keep-alive comment. */
    default void heartbeatSent() {}

    /** A client that took nothing was cut. */
    default void slowClientCut() {}

    /** A session got a new upstream session. */
    default void upstreamReinitialized() {}

    /** A connection to an upstream's stream was opened again. */
    default void upstreamReconnected() {}

    /** An upstream refused a connection to a stream with 409: it still sees an earlier one. It is tried again. */
    default void upstreamConflicted() {}

    /** No upstream took a request, or one answered it with 5xx, not in time, or not to the end. */
    default void upstreamFailed() {}

    /** A request ended without its outcome being known. */
    default void outcomeUnknown() {}
}
