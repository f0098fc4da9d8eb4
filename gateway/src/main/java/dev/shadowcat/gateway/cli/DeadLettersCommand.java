package dev.shadowcat.gateway.cli;

import dev.shadowcat.gateway.config.Configuration;
import dev.shadowcat.gateway.config.Keys;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoredStream;
import dev.shadowcat.store.rocksdb.RocksDbSettings;
import dev.shadowcat.store.rocksdb.RocksDbStores;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * {@code shadowcat dead-letters}: what the store refused for good, and another try with it. A try needs the files for itself: a
 * running gateway numbers its streams on, and one id is one event.
 */
final class DeadLettersCommand {
    static final String FILE = "dead-letters.jsonl";

    private final Console console;

    DeadLettersCommand(Console console) {
        this.console = console;
    }

    void list(Configuration configuration, boolean payload) {
        for (String line : lines(file(configuration))) {
            console.print(DeadLetter.parse(line)
                    .map(letter -> letter.shown(payload))
                    .orElse("{\"unreadable\":" + line.length() + "}"));
        }
    }

    /** Stores events whose number is still free, and leaves all others in the file. */
    void resubmit(Configuration configuration) {
        Path data = configuration.get(Keys.DATA).toAbsolutePath();
        Path file = file(configuration);
        List<String> lines = lines(file);
        if (lines.isEmpty()) {
            console.print("shadowcat: there are no dead letters in " + data);
            return;
        }
        List<String> left = new ArrayList<>();
        try (EventStore store = RocksDbStores.open(data, RocksDbSettings.of(RocksDbSettings.Durability.SYNC))) {
            for (String line : lines) {
                String obstacle = resubmit(store, line);
                if (!obstacle.isEmpty()) {
                    left.add(line);
                    console.print("shadowcat: stays: " + obstacle);
                }
            }
        }
        replace(file, left);
        console.print("shadowcat: " + (lines.size() - left.size()) + " stored, " + left.size() + " left in " + file);
    }

    /** What stands in the way; empty where it was stored. */
    private static String resubmit(EventStore store, String line) {
        Optional<StoreWrite.AppendEvent> event = DeadLetter.parse(line).flatMap(DeadLetter::event);
        if (event.isEmpty()) {
            return "not an event: only events are sent again";
        }
        StoreWrite.AppendEvent append = event.get();
        String name = "event " + append.event().sequence() + " of stream " + append.stream() + " of session "
                + append.session().shortened();
        Optional<StoredStream> stream = store.stream(append.session(), append.stream());
        if (stream.isEmpty()) {
            return name + ": its stream has ended";
        }
        if (append.event().sequence() <= stream.get().lastSequence()) {
            return name + ": its stream has gone on, up to " + stream.get().lastSequence();
        }
        return switch (store.append(List.of(append))) {
            case AppendOutcome.Stored _ -> "";
            case AppendOutcome.Busy busy -> name + ": " + busy.reason();
            case AppendOutcome.Refused refused -> name + ": refused again: " + refused.reason();
        };
    }

    private static Path file(Configuration configuration) {
        return configuration.get(Keys.DATA).toAbsolutePath().resolve(FILE);
    }

    private static List<String> lines(Path file) {
        try {
            return Files.exists(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException unreadable) {
            throw new Failure("cannot read " + file + ": " + unreadable.getMessage());
        }
    }

    private static void replace(Path file, List<String> lines) {
        Path next = file.resolveSibling(FILE + ".new");
        try {
            Files.write(next, lines);
            move(next, file);
        } catch (IOException unwritable) {
            throw new Failure("cannot write " + file + ": " + unwritable.getMessage());
        }
    }

    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException odd) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
