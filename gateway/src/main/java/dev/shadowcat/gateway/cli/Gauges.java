package dev.shadowcat.gateway.cli;

import dev.shadowcat.gateway.relay.Gateway;
import dev.shadowcat.gateway.telemetry.Instruments;
import dev.shadowcat.memory.Interner;
import java.lang.management.ManagementFactory;

/** What the gateway knows of itself at any time, as instruments that ask for it when they are read. */
record Gauges(Gateway gateway) {
    void register(Instruments metrics) {
        metrics.gauge(
                "gateway_ready",
                "{gateway}",
                "1 where /ready says yes, 0 where it does not.",
                () -> gateway.degraded().isEmpty() ? 1 : 0);
        queues(metrics);
        sessions(metrics);
        metrics.counter(
                "threads_started_total",
                "{thread}",
                "Threads that the process has started.",
                () -> ManagementFactory.getThreadMXBean().getTotalStartedThreadCount());
    }

    private void queues(Instruments metrics) {
        metrics.gauge("persistence_queue_depth", "{write}", "Writes that wait for the store.", gateway::queueDepth);
        metrics.gauge(
                "persistence_queue_capacity",
                "{write}",
                "Writes for which the queue has room (queue.capacity).",
                gateway::queueCapacity);
        metrics.gauge("persistence_queue_bytes", "By", "Bytes that wait for the store.", gateway::queueBytes);
        metrics.gauge(
                "persistence_retry_queue_depth",
                "{write}",
                "Writes that the store failed to take and that wait for the next try.",
                gateway::retryQueueDepth);
        metrics.gauge(
                "persistence_partitions_failing",
                "{part}",
                "Parts of the store that fail while the rest works.",
                gateway::failingPartitions);
        metrics.gauge(
                "activity_queue_depth", "{update}", "Deferred updates that wait for a flush.", gateway::deferredDepth);
    }

    private void sessions(Instruments metrics) {
        metrics.gauge("sse_streams_open", "{stream}", "Streams of clients that are open.", gateway::openStreams);
        metrics.gauge("memory_session_count", "{session}", "Sessions in memory.", gateway::sessionsInMemory);
        metrics.gauge(
                "memory_total_bytes",
                "By",
                "Heap of all sessions in memory, by the average of those measured last.",
                gateway::sessionBytes);
        Interner texts = gateway.texts();
        metrics.gauge("memory_interned_strings", "{text}", "Texts that sessions share.", texts::size);
        metrics.counter(
                "string_intern_hits_total", "{text}", "Texts of sessions that were there already.", texts::hits);
        metrics.counter("string_intern_misses_total", "{text}", "Texts of sessions that were new.", texts::misses);
        metrics.gauge("string_intern_hit_ratio", "1", "Share of the hits among both.", texts::hitRatio);
    }
}
