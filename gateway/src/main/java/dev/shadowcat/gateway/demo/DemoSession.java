package dev.shadowcat.gateway.demo;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A session of the demo server: its standalone stream and its newest answers. Any thread. */
final class DemoSession {
    private static final int STREAMS = 64;

    private final Map<Integer, DemoStream> answers = new LinkedHashMap<>();
    private final DemoStream standalone = new DemoStream(0);
    private int numbers;

    DemoStream standalone() {
        return standalone;
    }

    synchronized DemoStream newAnswer() {
        numbers++;
        DemoStream stream = new DemoStream(numbers);
        answers.put(numbers, stream);
        if (answers.size() > STREAMS) {
            answers.remove(answers.keySet().iterator().next());
        }
        return stream;
    }

    /** Null where there is none, or none any more. */
    synchronized @Nullable DemoStream stream(int number) {
        return number == 0 ? standalone : answers.get(number);
    }

    synchronized void close() {
        standalone.finish();
        answers.values().forEach(DemoStream::finish);
    }
}
