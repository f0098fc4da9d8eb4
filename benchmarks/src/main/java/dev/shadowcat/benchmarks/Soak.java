package dev.shadowcat.benchmarks;

import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleBiFunction;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;

/**
 * Mode {@code soak}: events through the whole gateway for long, at a paced rate and then at the most that it takes; whether heap,
 * native memory, files and disk stay where they are. The first third of each stretch is warm-up.
 */
final class Soak {
    private static final int LEAST_SAMPLE_SECONDS = 5;
    private static final int SAMPLES = 30;
    private static final double FLAT = 1.05;
    private static final double FLAT_STEPS = 1.10; // retention and compaction work in steps

    private final Transport transport = new Transport("load");
    private final Target gateway;
    private final long process;
    private final UpstreamOrders upstream;
    private final List<Long> helpers;
    private final GatewayMetrics metrics;
    private final DataFolder data;
    private final int streams;
    private final int rate;
    private final int bytes;
    private final int seconds;

    Soak(Arguments arguments) {
        gateway = arguments.targets().getFirst();
        process = gateway.processes().getFirst();
        upstream = new UpstreamOrders(URI.create(arguments.text("upstream")));
        helpers = arguments.processes("helper");
        metrics = new GatewayMetrics(URI.create(arguments.text("admin")));
        data = new DataFolder(Path.of(arguments.text("data")));
        streams = arguments.number("streams", 100);
        rate = arguments.number("rate", 50_000);
        bytes = arguments.number("bytes", 300);
        seconds = arguments.number("minutes", 10) * 60;
        arguments.refuseOthers();
    }

    /** Returns whether every event came once and in order, and everything stayed flat. */
    boolean run() {
        boolean paced = stretch(String.format(Locale.ROOT, "%,d events/s", rate), rate);
        boolean most = stretch("as many events as it takes", 0);
        return paced && most;
    }

    /** What was seen at one moment, and in the time since the one before. */
    private record Sample(
            double second,
            double eventsPerSecond,
            double p99Millis,
            double gatewayCores,
            double generatorCores,
            double foreignCores,
            double queueDepth,
            double heap,
            double resident,
            double files,
            double threads,
            double disk) {}

    private boolean stretch(String name, int eventsPerSecond) {
        System.out.printf(
                "%n%s, %d streams, %d B%n%8s%12s%10s%10s%11s%9s%8s%10s%9s%8s%9s%9s%n",
                name,
                streams,
                bytes,
                "s",
                "events/s",
                "p99 ms",
                "gateway",
                "generator",
                "foreign",
                "queue",
                "heap MB",
                "RSS MB",
                "files",
                "threads",
                "disk MB");
        StreamSet set = StreamSet.open(transport, gateway, streams);
        upstream.await(streams + " open streams", 10, state -> state.streams() == streams);
        long emittedBefore = upstream.state().emitted();
        upstream.emit(eventsPerSecond, Long.MAX_VALUE, bytes);
        List<Sample> samples = sample(set);
        long emitted = upstream.emit(1, 0, bytes).emitted() - emittedBefore;
        EventStretch.awaitEvents(set, emitted);
        long received = set.read(() -> set.tally().events());
        long doubled = set.read(() -> EventStretch.sum(set, SequenceCheck::doubled));
        long reordered = set.read(() -> EventStretch.sum(set, SequenceCheck::reordered));
        long lost = emitted - (received - doubled);
        set.delete();
        upstream.await("no open stream", 30, state -> state.streams() == 0);
        System.out.printf(
                Locale.ROOT, "%,d events: lost %d, doubled %d, reordered %d%n", emitted, lost, doubled, reordered);
        boolean flat = judge(samples);
        return flat && lost == 0 && doubled == 0 && reordered == 0;
    }

    private List<Sample> sample(StreamSet set) {
        set.read(() -> {
            set.tally().measuring(true);
            return true;
        });
        int every = Math.max(LEAST_SAMPLE_SECONDS, seconds / SAMPLES);
        List<Sample> samples = new ArrayList<>();
        CpuMeter meter = new CpuMeter(gateway.processes(), helpers);
        long began = System.nanoTime();
        for (int at = every; at <= seconds; at += every) {
            Pause.millis(Math.max(1, at * 1000L - (System.nanoTime() - began) / 1_000_000));
            Histogram latencies = set.read(() -> {
                Histogram interval = set.tally().latencies().copy();
                set.tally().latencies().reset();
                return interval;
            });
            double passedSeconds = meter.seconds();
            double gatewayCores = meter.targetSeconds() / passedSeconds;
            double generatorCores = meter.generatorSeconds() / passedSeconds;
            double foreignCores = meter.foreignCores();
            meter = new CpuMeter(gateway.processes(), helpers);
            Sample sample = new Sample(
                    at,
                    latencies.getTotalCount() / passedSeconds,
                    latencies.getValueAtPercentile(99) / 1e6,
                    gatewayCores,
                    generatorCores,
                    foreignCores,
                    metrics.value("persistence_queue_depth"),
                    LiveHeap.of(process).bytes() / 1e6,
                    ProcessTimes.residentBytes(process) / 1e6,
                    ProcessTimes.openFiles(process),
                    ProcessTimes.threads(process),
                    data.bytes() / 1e6);
            samples.add(sample);
            print(sample);
        }
        return samples;
    }

    private static void print(Sample sample) {
        System.out.printf(
                Locale.ROOT,
                "%8.0f%,12.0f%10.2f%10.2f%11.2f%9.2f%8.0f%10.1f%9.0f%8.0f%9.0f%9.0f%n",
                sample.second(),
                sample.eventsPerSecond(),
                sample.p99Millis(),
                sample.gatewayCores(),
                sample.generatorCores(),
                sample.foreignCores(),
                sample.queueDepth(),
                sample.heap(),
                sample.resident(),
                sample.files(),
                sample.threads(),
                sample.disk());
    }

    private static boolean judge(List<Sample> samples) {
        System.out.printf(
                Locale.ROOT,
                "sustained %,.0f events/s; cores: gateway %.2f, generator %.2f%n",
                median(samples, Sample::eventsPerSecond),
                median(samples, Sample::gatewayCores),
                median(samples, Sample::generatorCores));
        return List.of(
                        flat("heap after GC (least)", samples, Soak::least, Sample::heap, FLAT),
                        flat("resident memory", samples, Soak::median, Sample::resident, FLAT),
                        flat("open files", samples, Soak::median, Sample::files, FLAT_STEPS),
                        flat("threads", samples, Soak::median, Sample::threads, FLAT_STEPS),
                        flat("disk (most)", samples, Soak::most, Sample::disk, FLAT_STEPS))
                .stream()
                .allMatch(holds -> holds);
    }

    /** Whether the last third lies no higher than the middle one, but for the tolerance. */
    private static boolean flat(
            String name,
            List<Sample> samples,
            ToDoubleBiFunction<List<Sample>, ToDoubleFunction<Sample>> summary,
            ToDoubleFunction<Sample> figure,
            double tolerance) {
        int third = samples.size() / 3;
        double middle = summary.applyAsDouble(samples.subList(third, 2 * third), figure);
        double last = summary.applyAsDouble(samples.subList(2 * third, samples.size()), figure);
        boolean holds = last <= middle * tolerance;
        System.out.printf(
                Locale.ROOT,
                "%s: %s, middle third %.1f, last third %.1f (at most %.0f %% more)%n",
                holds ? "flat" : "GROWS",
                name,
                middle,
                last,
                (tolerance - 1) * 100);
        return holds;
    }

    /** Of a heap: what is there however little is under way. */
    private static double least(List<Sample> samples, ToDoubleFunction<Sample> figure) {
        return samples.stream().mapToDouble(figure).min().orElseThrow();
    }

    private static double most(List<Sample> samples, ToDoubleFunction<Sample> figure) {
        return samples.stream().mapToDouble(figure).max().orElseThrow();
    }

    private static double median(List<Sample> samples, ToDoubleFunction<Sample> figure) {
        return Table.median(samples.stream().mapToDouble(figure).toArray());
    }
}
