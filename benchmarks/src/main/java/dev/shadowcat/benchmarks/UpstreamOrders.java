package dev.shadowcat.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The load generator's way to order the upstream about, past whatever stands before it. Blocks. */
final class UpstreamOrders {
    private static final Pattern STATE =
            Pattern.compile("\\{\"sessions\":(\\d+),\"streams\":(\\d+),\"left\":(\\d+),\"emitted\":(\\d+)}");

    /** What the upstream holds; {@code left} are ordered events that were not emitted yet. */
    record State(int sessions, int streams, long left, long emitted) {}

    private final URI upstream;

    /**
     * @param upstream such as {@code http://127.0.0.1:8090}
     */
    UpstreamOrders(URI upstream) {
        this.upstream = upstream;
    }

    State emit(double eventsPerSecond, long events, int bytes) {
        return ask("/control/emit?rate=" + eventsPerSecond + "&events=" + events + "&bytes=" + bytes);
    }

    State state() {
        return ask("/control/state");
    }

    /** Waits until the state is as wished; throws after {@code seconds}. */
    State await(String wish, int seconds, Predicate<State> reached) {
        long giveUpAt = System.nanoTime() + seconds * 1_000_000_000L;
        State state = state();
        while (!reached.test(state)) {
            if (System.nanoTime() - giveUpAt > 0) {
                throw new IllegalStateException("upstream: waited " + seconds + " s for " + wish + ", has " + state);
            }
            Pause.millis(20);
            state = state();
        }
        return state;
    }

    private State ask(String target) {
        try {
            HttpURLConnection connection =
                    (HttpURLConnection) upstream.resolve(target).toURL().openConnection();
            connection.setConnectTimeout(5_000);
            connection.setReadTimeout(10_000);
            try (InputStream in = connection.getInputStream()) {
                Matcher state = STATE.matcher(new String(in.readAllBytes(), StandardCharsets.US_ASCII));
                if (!state.matches()) {
                    throw new IllegalStateException("upstream: not a state: " + state);
                }
                return new State(
                        Integer.parseInt(state.group(1)),
                        Integer.parseInt(state.group(2)),
                        Long.parseLong(state.group(3)),
                        Long.parseLong(state.group(4)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
