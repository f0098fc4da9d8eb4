package dev.shadowcat.gateway.telemetry;

import dev.shadowcat.event.SpanIdentity;
import dev.shadowcat.observe.Claimed;
import dev.shadowcat.observe.Dropped;
import dev.shadowcat.observe.ForwardFailure;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.observe.Resumed;
import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Counts what the gateway reports. */
final class CountingObserver implements Observer {
    private static final double NANOS = 1e-9;
    private static final double[] SECONDS = {
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10
    };

    private static final double[] SESSION_BYTES = {
        512, 768, 1024, 1536, 2048, 2560, 3072, 4096, 6144, 8192, 16384, 65536, 262144, 1048576
    };

    /** Which way an event went. */
    private enum Direction {
        RECEIVED,
        SENT
    }

    private final Operations operations;
    private final Histogram.Series batchSize;
    private final Histogram.Series latency;
    private final Histogram.Series flush;
    private final Histogram.Series sessionBytes;
    private final LongAdder success;
    private final LongAdder failure;
    private final LongAdder retry;
    private final Map<Dropped, LongAdder> dropped;
    private final LongAdder unstored;
    private final LongAdder waited;
    private final LongAdder activityUpdates;
    private final Histogram.Series activityBatch;
    private final Histogram.Series activityLatency;
    private final LongAdder coalesced;
    private final LongAdder skipped;
    private final LongAdder backPressure;
    private final LongAdder repeats;
    private final LongAdder strays;
    private final Map<Resumed, LongAdder> resumes;
    private final LongAdder gaps;
    private final LongAdder received;
    private final LongAdder sent;
    private final Histogram.Series replay;
    private final LongAdder replayed;
    private volatile long openBefore; // beside those that began and ended since the process began
    private final LongAdder created;
    private final LongAdder expired;
    private final LongAdder deleted;
    private final LongAdder upstreamFailures;
    private final LongAdder evicted;
    private final LongAdder lost;
    private final LongAdder forwarded;
    private final Map<ForwardFailure, LongAdder> forwardFailures;
    private final Map<Claimed, LongAdder> claims;
    private final LongAdder conflicts;
    private final LongAdder heartbeats;
    private final LongAdder slowClients;
    private final LongAdder reinitializations;
    private final LongAdder reconnects;
    private final LongAdder unknown;

    /** @param operations hears of flushes, which it may show in traces */
    CountingObserver(Instruments metrics, Operations operations) {
        this.operations = operations;
        batchSize = metrics.histogram(
                "persistence_batch_size",
                "{write}",
                "Writes in one batch.",
                1,
                1,
                2,
                5,
                10,
                25,
                50,
                100,
                250,
                500,
                1000);
        latency = metrics.histogram(
                "persistence_latency_seconds", "s", "From an event's offer to its being stored.", NANOS, SECONDS);
        flush = metrics.histogram(
                "persistence_flush_seconds", "s", "The store's own time for one batch.", NANOS, SECONDS);
        sessionBytes = metrics.histogram(
                "memory_bytes_per_session",
                "By",
                "Heap of a session in memory with both its sockets, of up to 1,000 sessions each 10 s.",
                1,
                SESSION_BYTES);
        success = metrics.counter("persistence_success_total", "{event}", "Events stored.");
        failure = metrics.counter("persistence_failure_total", "{batch}", "Attempts to store a batch that failed.");
        retry = metrics.counter("persistence_retry_total", "{batch}", "Batches that were tried again.");
        dropped = metrics.counters(
                "persistence_dropped_total",
                "{write}",
                "Writes that will never be stored, by reason.",
                "reason",
                Dropped.class);
        unstored = metrics.counter(
                "persistence_unstored_delivered_total",
                "{event}",
                "Events sent on without an id while the store failed.");
        waited = metrics.seconds(
                "persistence_backpressure_seconds_total", "Time that sessions waited for room in the queue.");
        activityUpdates =
                metrics.counter("activity_updates_total", "{update}", "Times that a session's activity was noted.");
        activityBatch = metrics.histogram(
                "activity_updates_batched",
                "{update}",
                "Activity updates in one flush.",
                1,
                1,
                2,
                5,
                10,
                25,
                50,
                100,
                250,
                500);
        activityLatency = metrics.histogram(
                "activity_batch_latency_seconds", "s", "How long the oldest update of a flush waited.", NANOS, SECONDS);
        coalesced = metrics.counter(
                "persistence_coalesced_total", "{update}", "Activity updates that a newer one replaced.");
        metrics.gauge(
                "activity_coalesce_ratio",
                "1",
                "Activity updates noted for each one that was written.",
                () -> (double) activityUpdates.sum() / Math.max(1, activityUpdates.sum() - coalesced.sum()));
        skipped = metrics.counter(
                "activity_updates_skipped_total", "{update}", "Activity updates skipped: too many were waiting.");
        backPressure = metrics.counter(
                "persistence_backpressure_total", "{wait}", "Times that the queue made an upstream wait.");
        repeats =
                metrics.counter("sse_duplicate_events_total", "{event}", "Events that an upstream repeated, dropped.");
        strays =
                metrics.counter("sse_stray_events_total", "{event}", "Events on a stream that is not theirs, dropped.");
        resumes = metrics.counters(
                "sse_resumes_total",
                "{stream}",
                "Streams that were asked for with a cursor, by outcome.",
                "outcome",
                Resumed.class);
        gaps = metrics.counter("sse_gaps_total", "{gap}", "Times that a client was told of events that are gone.");
        replay = metrics.histogram(
                "sse_replay_seconds",
                "s",
                "From the first read for a client that is behind until it has caught up.",
                NANOS,
                SECONDS);
        Map<Direction, LongAdder> events = metrics.counters(
                "sse_events_total",
                "{event}",
                "Events that came from upstreams, and that were written to clients.",
                "direction",
                Direction.class);
        received = Objects.requireNonNull(events.get(Direction.RECEIVED));
        sent = Objects.requireNonNull(events.get(Direction.SENT));
        replayed = metrics.counter("sse_events_replayed_total", "{event}", "Events read from the store for a client.");
        created = metrics.counter("sessions_created_total", "{session}", "Sessions begun.");
        deleted = metrics.counter(
                "sessions_deleted_total", "{session}", "Sessions ended by their client or by their upstream.");
        upstreamFailures = metrics.counter(
                "upstream_failures_total",
                "{request}",
                "Requests that no upstream took, or that one answered with 5xx, not in time, or not to the end.");
        expired = metrics.counter("sessions_expired_total", "{session}", "Sessions removed after their idle time.");
        metrics.gauge(
                "sessions_open",
                "{session}",
                "Sessions that have not ended, in memory or not; counted anew each minute.",
                () -> (double) (openBefore + begunAndOpen()));
        evicted = metrics.counter(
                "session_evictions_total", "{session}", "Idle sessions that left memory for the store.");
        lost = metrics.counter(
                "sessions_lost_total", "{session}", "Sessions that another node took, since the lease had run out.");
        forwarded = metrics.counter(
                "requests_forwarded_total", "{request}", "Requests answered by the node that holds their session.");
        forwardFailures = metrics.counters(
                "requests_forward_failures_total",
                "{request}",
                "Requests that were to be sent on to another node and got no answer of it, by reason.",
                "reason",
                ForwardFailure.class);
        claims = metrics.counters(
                "session_claims_total",
                "{session}",
                "Times that the store was asked whose a session is, by outcome.",
                "outcome",
                Claimed.class);
        conflicts = metrics.counter(
                "upstream_conflicts_total",
                "{connection}",
                "Connections to a stream that an upstream refused with 409, tried again.");
        heartbeats =
                metrics.counter("sse_heartbeats_sent_total", "{comment}", "Keep-alive comments sent to quiet clients.");
        slowClients = metrics.counter("sse_slow_clients_total", "{client}", "Clients cut because they took nothing.");
        reinitializations = metrics.counter(
                "upstream_reinitializations_total",
                "{session}",
                "Upstream sessions made anew behind a client's session.");
        reconnects = metrics.counter(
                "upstream_reconnects_total", "{connection}", "Connections to an upstream's stream opened again.");
        unknown = metrics.counter(
                "upstream_unknown_outcome_total",
                "{request}",
                "Requests that ended without their outcome being known.");
    }

    @Override
    public void batchStored(int writes, int events, long nanos) {
        batchSize.observe(writes);
        flush.observe(nanos);
        success.add(events);
    }

    @Override
    public boolean followsFlushes() {
        return operations.tracing();
    }

    @Override
    public void flushed(Collection<SpanIdentity> requests, int writes, long nanos, @Nullable String failure) {
        operations.flushed(requests, writes, nanos, failure);
    }

    @Override
    public void eventStored(long nanosSinceOffer) {
        latency.observe(nanosSinceOffer);
    }

    @Override
    public void dropped(Dropped why, int writes) {
        Objects.requireNonNull(dropped.get(why)).add(writes);
    }

    @Override
    public void batchFailed(String reason) {
        failure.increment();
    }

    @Override
    public void batchRetried() {
        retry.increment();
    }

    @Override
    public void unstoredDelivered(int events) {
        unstored.add(events);
    }

    @Override
    public void backPressureEnded(long nanos) {
        waited.add(nanos);
    }

    @Override
    public void activityUpdated() {
        activityUpdates.increment();
    }

    @Override
    public void activityFlushed(int updates, long nanos) {
        activityBatch.observe(updates);
        activityLatency.observe(nanos);
    }

    @Override
    public void activityCoalesced() {
        coalesced.increment();
    }

    @Override
    public void activitySkipped() {
        skipped.increment();
    }

    @Override
    public void backPressure() {
        backPressure.increment();
    }

    @Override
    public void repeatDropped() {
        repeats.increment();
    }

    @Override
    public void strayDropped() {
        strays.increment();
    }

    @Override
    public void resumed(Resumed outcome) {
        Objects.requireNonNull(resumes.get(outcome)).increment();
    }

    @Override
    public void gapTold() {
        gaps.increment();
    }

    @Override
    public void eventReceived() {
        received.increment();
    }

    @Override
    public void eventSent() {
        sent.increment();
    }

    @Override
    public long replayBegan() {
        return System.nanoTime();
    }

    @Override
    public void replayEnded(long began) {
        replay.observe(System.nanoTime() - began);
    }

    @Override
    public void replayed(int events) {
        replayed.add(events);
    }

    @Override
    public void sessionsCounted(long sessions) {
        openBefore = sessions - begunAndOpen();
    }

    /** Sessions that began in this process, less those that ended in it. */
    private long begunAndOpen() {
        return created.sum() - expired.sum() - deleted.sum();
    }

    @Override
    public void sessionCreated() {
        created.increment();
    }

    @Override
    public void sessionExpired() {
        expired.increment();
    }

    @Override
    public void sessionDeleted() {
        deleted.increment();
    }

    @Override
    public void upstreamFailed() {
        upstreamFailures.increment();
    }

    @Override
    public void sessionEvicted() {
        evicted.increment();
    }

    @Override
    public void sessionLost() {
        lost.increment();
    }

    @Override
    public void forwarded() {
        forwarded.increment();
    }

    @Override
    public void forwardFailed(ForwardFailure why) {
        Objects.requireNonNull(forwardFailures.get(why)).increment();
    }

    @Override
    public void sessionClaimed(Claimed outcome) {
        Objects.requireNonNull(claims.get(outcome)).increment();
    }

    @Override
    public void upstreamConflicted() {
        conflicts.increment();
    }

    @Override
    public void sessionMeasured(long bytes) {
        sessionBytes.observe(bytes);
    }

    @Override
    public void heartbeatSent() {
        heartbeats.increment();
    }

    @Override
    public void slowClientCut() {
        slowClients.increment();
    }

    @Override
    public void upstreamReinitialized() {
        reinitializations.increment();
    }

    @Override
    public void upstreamReconnected() {
        reconnects.increment();
    }

    @Override
    public void outcomeUnknown() {
        unknown.increment();
    }
}
