package dev.shadowcat.benchmarks;

import java.nio.file.Path;
import java.time.Duration;

/** Mode {@code threads}: how many threads the gateway starts while events go through it, by its own flight recorder. */
final class ThreadsUnderLoad {
    private final Target gateway;
    private final EventStretch stretch;
    private final EventOrder order;
    private final Path recording;

    /** The gateway's JVM runs a recording named {@code threads} already; see the script. */
    ThreadsUnderLoad(Arguments arguments) {
        gateway = arguments.targets().getFirst();
        stretch = EventStretch.from(arguments);
        order = EventOrder.from(arguments, 5, 60);
        recording = Path.of(arguments.text("folder")).resolve("threads-" + order.rate() + ".jfr");
        arguments.refuseOthers();
    }

    /** Returns whether every event came and less than one thread a second was started. */
    boolean run() {
        long process = gateway.processes().getFirst();
        EventResult result = stretch.run(gateway, order);
        LiveHeap.jcmd(process, "JFR.dump", "name=threads", "filename=" + recording);
        Duration measured = Duration.ofNanos((long) (result.seconds() * 1e9));
        ThreadStarts started =
                ThreadStarts.of(recording, result.began(), result.began().plus(measured));
        double perSecond = started.all() / result.seconds();
        System.out.printf(
                "%,d events/s over %.0f s (%,.0f/s came): platform threads started %d %s, virtual %d, %.2f a second;"
                        + " lost %d, generator %.1f us/event, foreign load %.2f cores%n",
                order.rate(),
                result.seconds(),
                result.eventsPerSecond(),
                started.platform().size(),
                started.platform(),
                started.virtual(),
                perSecond,
                result.lost(),
                result.generatorCpuMicrosPerEvent(),
                result.foreignCores());
        return result.whole() && perSecond < 1;
    }
}
