package dev.shadowcat.benchmarks;

import java.lang.management.ManagementFactory;
import java.util.Arrays;

/** Mode {@code naive}: what a {@link NaiveTracker} takes of this process's heap. */
final class NaiveMemory {
    private final int[] counts;
    private final int events;

    NaiveMemory(Arguments arguments) {
        counts = Arrays.stream(arguments.text("counts").split(",", -1))
                .mapToInt(Integer::parseInt)
                .toArray();
        events = arguments.number("events", 100);
        arguments.refuseOthers();
    }

    boolean run() {
        System.out.printf("%-10s%12s%n", "naive", "measured");
        NaiveTracker tracker = new NaiveTracker();
        long before = heap();
        for (int count : counts) {
            while (tracker.size() < count) {
                String session = tracker.open();
                for (int event = 1; event <= events; event++) {
                    if (!tracker.event(session, event)) {
                        return false;
                    }
                }
            }
            System.out.printf("%,-10d%,12.0f%n", count, (double) (heap() - before) / tracker.size());
        }
        return true;
    }

    private static long heap() {
        for (int collection = 0; collection < 3; collection++) {
            System.gc();
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
