package dev.shadowcat.gateway.cli;

import dev.shadowcat.event.EventId;
import dev.shadowcat.gateway.config.Configuration;
import dev.shadowcat.gateway.config.Keys;
import dev.shadowcat.gateway.config.StoreChoice;
import dev.shadowcat.store.rocksdb.RocksDbStores;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** {@code shadowcat sessions} and {@code shadowcat events}: from the running gateway, else from its store. */
final class SessionsCommand {
    private static final long FOLLOW_MILLIS = 250;

    private final Console console;

    SessionsCommand(Console console) {
        this.console = console;
    }

    void sessions(Configuration configuration) {
        try (SessionSource source = source(configuration)) {
            source.sessions(console::print);
        }
    }

    /**
     * Prints events.
     *
     * @param only the one stream to print, null for all
     * @param follow whether to go on until interrupted
     */
    void events(Configuration configuration, String session, @Nullable Integer only, boolean follow) {
        try (SessionSource source = source(configuration)) {
            Map<Integer, Long> printed = new HashMap<>();
            do {
                List<Integer> known = source.streams(session);
                if (only != null && !follow && !known.contains(only)) {
                    throw new Failure("session " + session + " has no stream " + only + "; it has " + known);
                }
                for (int stream : only == null ? known : List.of(only)) {
                    print(source, session, stream, printed);
                }
            } while (follow && pause());
        }
    }

    private void print(SessionSource source, String session, int stream, Map<Integer, Long> printed) {
        long after = printed.getOrDefault(stream, 0L);
        for (List<String> page = source.events(session, stream, after);
                !page.isEmpty();
                page = source.events(session, stream, after)) {
            page.forEach(console::print);
            after = sequence(page.getLast());
        }
        printed.put(stream, after);
    }

    /** An event's line begins with its id. */
    private static long sequence(String line) {
        return EventId.parse(line.split("\"", 5)[3])
                .map(EventId::sequence)
                .orElseThrow(() -> new IllegalStateException("a line without event id: " + line));
    }

    private static boolean pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(FOLLOW_MILLIS);
            return true;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static SessionSource source(Configuration configuration) {
        Optional<AdminPort> live = AdminPort.of(configuration);
        if (live.isPresent()) {
            return new LiveSessions(live.get());
        }
        StoreChoice store = configuration.get(Keys.STORE);
        if (store.kind().shared()) {
            return new StoredSessions(Stores.openReadOnly(store.url(), configuration.environment()));
        }
        Path data = configuration.get(Keys.DATA).toAbsolutePath();
        if (!RocksDbStores.exists(data)) {
            throw new Failure("there is no store to read, and " + AdminPort.nobody(configuration));
        }
        return new StoredSessions(RocksDbStores.openReadOnly(data));
    }
}
