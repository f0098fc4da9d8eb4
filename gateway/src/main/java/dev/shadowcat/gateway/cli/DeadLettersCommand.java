package dev.shadowcat.gateway.cli;

import dev.shadowcat.gateway.config.Configuration;
import dev.shadowcat.gateway.config.Keys;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.rocksdb.RocksDbSettings;
import dev.shadowcat.store.rocksdb.RocksDbStores;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * {@code shadowcat dead-letters}: what the store refused for good, and another try with it. A try needs the files for itself: a
 * running gateway numbers its streams on, and one id is one event.
 */
final class DeadLettersCommand {
    static final String FILE = "dead-letters.jsonl";

    private final Console console;
    private final Function<Path, EventStore> stores;
    private final Function<Path, Optional<String>> foreignOwners;

    DeadLettersCommand(Console console) {
        this(
                console,
                data -> RocksDbStores.open(data, RocksDbSettings.of(RocksDbSettings.Durability.SYNC)),
                RocksDbStores::foreignOwner);
    }

    /**
     * @param stores opens the store in a data folder, for us alone; what it takes is on the disk
     * @param foreignOwners says who owns the store in a data folder, where that is another user than we are
     */
    DeadLettersCommand(
            Console console, Function<Path, EventStore> stores, Function<Path, Optional<String>> foreignOwners) {
        this.console = console;
        this.stores = stores;
        this.foreignOwners = foreignOwners;
    }

    void list(Configuration configuration, boolean payload) {
        List<String> lines = lines(file(configuration));
        if (lines.isEmpty()) {
            console.warn(none(configuration));
        }
        for (String line : lines) {
            console.print(DeadLetter.parse(line)
                    .map(letter -> letter.shown(payload))
                    .orElse("{\"unreadable\":" + line.length() + "}"));
        }
    }

    /**
     * Stores events whose number is still free, and leaves all others in the file. The file is read and replaced while the
     * folder is ours: a gateway writes to it whenever the folder is its own, whatever its store is.
     */
    void resubmit(Configuration configuration) {
        if (configuration.get(Keys.STORE).kind().shared()) {
            throw new Failure(
                    "dead letters go back into an embedded store only: in one that gateways share, the number of"
                            + " each may be taken any moment; list shows them");
        }
        Path data = configuration.get(Keys.DATA).toAbsolutePath();
        Path file = file(configuration);
        if (lines(file).isEmpty()) { // no store is made, and none disturbed, for nothing
            console.print("shadowcat: " + none(configuration));
            return;
        }
        foreignOwners.apply(data).ifPresent(owner -> {
            throw new Failure("the store in " + data + " belongs to the user " + owner
                    + ", who could not write the files that you would make there: run this as that user, for example with"
                    + " sudo -u " + owner);
        });
        try (DataFolder _ = DataFolder.takeFor(
                        "shadowcat dead-letters --resubmit", data, "stop that one first, and then send them again");
                EventStore store = stores.apply(data)) {
            Resubmission again = new Resubmission(store, console);
            lines(file).forEach(again::tryAgain);
            replace(file, again.left());
            console.print("shadowcat: " + again.summary() + " in " + file);
        }
    }

    private static String none(Configuration configuration) {
        Path data = configuration.get(Keys.DATA).toAbsolutePath();
        return "there are no dead letters in " + data
                + (configuration.given(Keys.DATA) ? "" : "; name another data folder with --data");
    }

    private static Path file(Configuration configuration) {
        return configuration.get(Keys.DATA).toAbsolutePath().resolve(FILE);
    }

    private static List<String> lines(Path file) {
        try {
            // Not strictly: a character may be cut off with the rest of its line.
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        } catch (NoSuchFileException none) {
            return List.of();
        } catch (IOException unreadable) {
            throw new Failure("cannot read " + file + ": " + unreadable.getMessage());
        }
    }

    private static void replace(Path file, List<String> lines) {
        Path next = file.resolveSibling(FILE + ".new");
        try {
            Files.write(next, lines);
            try (FileChannel written = FileChannel.open(next, StandardOpenOption.WRITE)) {
                written.force(true);
            }
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
