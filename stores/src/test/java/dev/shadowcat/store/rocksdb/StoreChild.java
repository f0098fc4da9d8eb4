package dev.shadowcat.store.rocksdb;

import static org.awaitility.Awaitility.await;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import dev.shadowcat.store.StoredStream;
import dev.shadowcat.testkit.Writes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Scanner;
import java.util.stream.Stream;

/** A process of its own that a test may kill: it opens a store and says on its output what it did. */
final class StoreChild {
    static final SessionId SESSION = new SessionId(7, 7);
    static final int STREAMS = 3;

    private StoreChild() {}

    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[1]);
        RocksDbSettings.Durability durability = RocksDbSettings.Durability.valueOf(arguments[2]);
        try (EventStore store = RocksDbStores.open(folder, RocksDbHome.small(durability));
                Scanner commands = new Scanner(System.in, StandardCharsets.UTF_8)) {
            System.out.println("ready");
            switch (arguments[0]) {
                case "hold" -> commands.nextLine();
                case "append" -> appendForEver(store);
                case "fill" -> fill(store, Path.of(arguments[3]), commands, true);
                case "fill-one-log" -> fill(store, Path.of(arguments[3]), commands, false);
                case "use-up-inodes" -> {
                    useUpInodes(Path.of(arguments[3]));
                    fill(store, Path.of(arguments[3]), commands, true);
                }
                default -> throw new IllegalArgumentException(arguments[0]);
            }
        }
    }

    /** Goes on where an earlier child was killed; an event's bytes follow from its stream and number. */
    private static void appendForEver(EventStore store) {
        if (store.session(SESSION).isEmpty()) {
            store.append(List.of(Writes.session(SESSION)));
        }
        long[] last = new long[STREAMS];
        for (int stream = 0; stream < STREAMS; stream++) {
            store.append(List.of(Writes.stream(SESSION, stream)));
            last[stream] = store.stream(SESSION, stream)
                    .map(StoredStream::lastSequence)
                    .orElseThrow();
        }
        Random random = new Random(last[0]);
        while (true) {
            List<StoreWrite> batch = new ArrayList<>();
            int stream = random.nextInt(STREAMS);
            int events = 1 + random.nextInt(50);
            for (int i = 0; i < events; i++) {
                batch.add(event(stream, ++last[stream]));
            }
            if (!(store.append(batch) instanceof AppendOutcome.Stored)) {
                throw new IllegalStateException("not stored");
            }
            System.out.println(stream + " " + last[stream]);
        }
    }

    private static void useUpInodes(Path folder) throws IOException {
        Files.createDirectory(folder);
        try {
            for (int file = 1; ; file++) {
                Files.createFile(folder.resolve(Integer.toString(file)));
            }
        } catch (FileSystemException noneLeft) {
            System.err.println("no inode is left: " + noneLeft.getMessage());
        }
    }

    private static void fill(EventStore store, Path ballast, Scanner commands, boolean staysFull) throws IOException {
        store.append(List.of(Writes.session(SESSION), Writes.stream(SESSION, 0)));
        System.out.println("begun");
        commands.nextLine();
        long stored = 0;
        AppendOutcome outcome = AppendOutcome.Stored.ALL;
        // Where the disk stays full the store may still find room by tidying up: it is full when that ends.
        for (int refusals = 0; refusals < (staysFull ? 4 : 1); ) {
            outcome = store.append(large(stored));
            if (outcome instanceof AppendOutcome.Stored) {
                stored += 20;
                refusals = 0;
                continue;
            }
            require(outcome instanceof AppendOutcome.Busy, "busy while the disk is full, but was " + outcome);
            require(stored(store) == stored, "all of it readable while the disk is full");
            refusals++;
        }
        System.out.println("full " + stored + " " + outcome);
        commands.nextLine();
        delete(ballast);
        long next = stored;
        await().atMost(Duration.ofSeconds(60)).until(() -> store.append(large(next)) instanceof AppendOutcome.Stored);
        require(store.append(large(next + 20)) instanceof AppendOutcome.Stored, "goes on");
        require(stored(store) == next + 40, "nothing missing, nothing twice");
        System.out.println("recovered " + (next + 40));
    }

    private static void delete(Path ballast) throws IOException {
        if (Files.isDirectory(ballast)) {
            try (Stream<Path> files = Files.list(ballast)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
        }
        Files.deleteIfExists(ballast);
    }

    private static List<StoreWrite> large(long after) {
        List<StoreWrite> batch = new ArrayList<>();
        for (long sequence = after + 1; sequence <= after + 20; sequence++) {
            byte[] message = new byte[5_000];
            new Random(sequence).nextBytes(message);
            batch.add(new AppendEvent(SESSION, 0, new Event(sequence, 1, 1, false, null, message)));
        }
        return batch;
    }

    /** The number of the last event, if all before it are there. */
    private static long stored(EventStore store) {
        long last = 0;
        List<Event> page = store.read(SESSION, 0, last, 1_000, Long.MAX_VALUE);
        while (!page.isEmpty()) {
            for (Event event : page) {
                require(event.sequence() == ++last, "no hole before " + event.sequence());
            }
            page = store.read(SESSION, 0, last, 1_000, Long.MAX_VALUE);
        }
        return last;
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new IllegalStateException("not so: " + what);
        }
    }

    static AppendEvent event(int stream, long sequence) {
        byte[] message = new byte[200 + (int) (sequence % 200)];
        new Random(sequence * STREAMS + stream).nextBytes(message);
        return new AppendEvent(SESSION, stream, new Event(sequence, sequence, 1, false, "up-" + sequence, message));
    }

    /** The command that runs a child with the classes of this test. */
    static List<String> command(String task, Path folder, RocksDbSettings.Durability durability, Path ballast) {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                StoreChild.class.getName(),
                task,
                folder.toString(),
                durability.name(),
                ballast.toString());
    }

    static Process start(List<String> command) throws IOException {
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }
}
