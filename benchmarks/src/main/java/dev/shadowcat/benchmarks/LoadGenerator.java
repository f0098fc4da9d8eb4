package dev.shadowcat.benchmarks;

import java.util.Arrays;
import java.util.List;

/** The command line of the load generator: a mode and its options. Ends with 1 where an answer was wrong, 2 where an option is. */
final class LoadGenerator {
    private LoadGenerator() {}

    static void main(String[] arguments) throws Exception {
        List<String> words = Arrays.asList(arguments);
        if (words.isEmpty()) {
            System.err.println(
                    "modes: activity, calls, compaction, events, load, memory, naive, persistence, replay, replay-fill, sessions,"
                            + " shared-ingest, shared-replay, shared-retention, soak, startup, telemetry, threads");
            System.exit(2);
        }
        System.exit(run(words.getFirst(), words.subList(1, words.size())) ? 0 : 1);
    }

    private static boolean run(String mode, List<String> options) throws Exception {
        Arguments arguments;
        try {
            arguments = new Arguments(options);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.exit(2);
            throw e;
        }
        return switch (mode) {
            case "activity" -> new ActivityUpdates(arguments).run();
            case "calls" -> new CallComparison(arguments).run();
            case "compaction" -> new CompactionChoice(arguments).run();
            case "events" -> new EventComparison(arguments).run();
            case "load" -> new LoadTest(arguments).run();
            case "memory" -> new MemoryOverhead(arguments).run();
            case "naive" -> new NaiveMemory(arguments).run();
            case "persistence" -> new EventPersistence(arguments).run();
            case "replay" -> new ReplayOverHttp(arguments).run();
            case "replay-fill" -> new ReplayFromStore(arguments).run();
            case "sessions" -> new SessionFootprint(arguments).run();
            case "shared-ingest" -> new SharedIngest(arguments).run();
            case "shared-replay" -> new SharedReplay(arguments).run();
            case "shared-retention" -> new SharedRetention(arguments).run();
            case "soak" -> new Soak(arguments).run();
            case "startup" -> new StartupTime(arguments).run();
            case "telemetry" -> new TelemetryCost(arguments).run();
            case "threads" -> new ThreadsUnderLoad(arguments).run();
            default -> throw new IllegalArgumentException("no such mode: " + mode);
        };
    }
}
