package dev.shadowcat.benchmarks;

import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.function.ToLongFunction;

/** Runs stretches of events through targets: opens streams, emits, measures, checks every event, closes. Blocks. */
final class EventStretch {
    private static final int QUIET_TENTHS = 20;

    private final Transport transport;
    private final UpstreamOrders upstream;
    private final List<Long> helpers;

    EventStretch(Transport transport, UpstreamOrders upstream, List<Long> helpers) {
        this.transport = transport;
        this.upstream = upstream;
        this.helpers = helpers;
    }

    /** Of the upstream and beside the helpers that the arguments name. */
    static EventStretch from(Arguments arguments) {
        return new EventStretch(
                new Transport("load"),
                new UpstreamOrders(URI.create(arguments.text("upstream"))),
                arguments.processes("helper"));
    }

    EventResult run(Target target, EventOrder order) {
        StreamSet set = StreamSet.open(transport, target, order.streams());
        upstream.await(order.streams() + " open streams", 10, state -> state.streams() == order.streams());
        long before = upstream.state().emitted();
        upstream.emit(order.rate(), order.events(), order.bytes());
        Pause.millis(order.settleSeconds() * 1000L);
        CpuMeter meter = new CpuMeter(target.processes(), helpers);
        Instant began = Instant.now();
        set.read(() -> {
            set.tally().measuring(true);
            return true;
        });
        Pause.millis(order.seconds() * 1000L);
        double measured = meter.seconds();
        double proxyCpu = meter.targetSeconds();
        double generatorCpu = meter.generatorSeconds();
        double foreign = meter.foreignCores();
        long emitted = upstream.await("the last event", order.seconds() + 10, state -> state.left() == 0)
                        .emitted()
                - before;
        awaitEvents(set, emitted);
        EventResult result = set.read(() -> new EventResult(
                set.tally().latencies(),
                emitted,
                set.tally().events(),
                sum(set, SequenceCheck::doubled),
                sum(set, SequenceCheck::reordered),
                began,
                measured,
                proxyCpu,
                generatorCpu,
                foreign));
        set.delete();
        upstream.await("no open stream", 10, state -> state.streams() == 0);
        return result;
    }

    /** Waits until all events came, or none came any more for 2 s. */
    static void awaitEvents(StreamSet set, long emitted) {
        long received = set.read(set.tally()::events);
        for (int quiet = 0; received < emitted && quiet < QUIET_TENTHS; quiet++) {
            Pause.millis(100);
            long now = set.read(set.tally()::events);
            if (now > received) {
                quiet = 0;
            }
            received = now;
        }
    }

    /** A figure of all streams together; on the loop that reads them. */
    static long sum(StreamSet set, ToLongFunction<SequenceCheck> figure) {
        return set.readers().stream()
                .map(StreamReader::sequence)
                .mapToLong(figure)
                .sum();
    }
}
