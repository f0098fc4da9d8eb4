package dev.shadowcat.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedThread;
import jdk.jfr.consumer.RecordingFile;

/**
 * The threads that a JVM started within a window, as its flight recorder saw them.
 *
 * @param platform names of platform threads
 * @param virtual how many virtual threads
 */
record ThreadStarts(List<String> platform, int virtual) {
    static final String PLATFORM = "jdk.ThreadStart";
    static final String VIRTUAL = "jdk.VirtualThreadStart";

    static ThreadStarts of(Path recording, Instant from, Instant to) {
        List<String> names = new ArrayList<>();
        int virtual = 0;
        try (RecordingFile file = new RecordingFile(recording)) {
            while (file.hasMoreEvents()) {
                RecordedEvent event = file.readEvent();
                if (event.getStartTime().isBefore(from) || event.getStartTime().isAfter(to)) {
                    continue;
                }
                switch (event.getEventType().getName()) {
                    case PLATFORM -> names.add(name(event.getThread("thread")));
                    case VIRTUAL -> virtual++;
                    default -> {}
                }
            }
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
        return new ThreadStarts(names, virtual);
    }

    private static String name(RecordedThread thread) {
        String java = thread.getJavaName();
        return java == null ? thread.getOSName() : java;
    }

    int all() {
        return platform.size() + virtual;
    }
}
