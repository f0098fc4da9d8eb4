package dev.shadowcat.observe;

/**
 * What telemetry may listen to. Called on hot paths, from event loops and from the worker: implementations count and
 * return. Every method does nothing by default.
 */
public interface Observer {
    Observer NONE = new Observer() {};

    /** A batch was stored: its writes, the events among them, and the store's own time. */
    default void batchStored(int writes, int events, long nanos) {}

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

    /** The store refused a write for good; it went to the dead letters. */
    default void deadLettered(String reason) {}

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

    /** A client resumed a stream. */
    default void resumed(boolean gap) {}

    /** Stored events were read again for a client. */
    default void replayed(int events) {}

    /** A session began. */
    default void sessionCreated() {}

    /** A session was removed after its idle time. */
    default void sessionExpired() {}

    /** An idle session left memory; it stays in the store. */
    default void sessionEvicted() {}

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

    /** A request ended without its outcome being known. */
    default void outcomeUnknown() {}
}
