package dev.shadowcat.store.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.testkit.Writes;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A block that rots on the disk of an open store costs the sessions whose events are in it, and no others. */
class DamagedBlockTest {
    private static final RocksDbSettings SETTINGS = RocksDbHome.small(RocksDbSettings.Durability.BATCHED);
    private static final SessionId DAMAGED = new SessionId(1, 1);
    private static final SessionId BETWEEN = new SessionId(2, 1); // shares a block with either neighbour
    private static final SessionId WELL = new SessionId(Long.MAX_VALUE, 1);
    private static final int EVENTS = 200;

    @TempDir
    Path folder;

    @Test
    void whatIsInItCannotBeReadAndEverythingElseCan() throws IOException {
        prepare();
        try (EventStore store = RocksDbStores.open(folder, SETTINGS)) {
            assertThatThrownBy(() -> readAll(store, DAMAGED))
                    .isInstanceOf(StoreException.class)
                    .hasMessageStartingWith("the store in " + folder + " is damaged: ");
            assertThat(readAll(store, WELL)).hasSize(EVENTS);
        }
    }

    @Test
    void aWriteThatGoesOnFromItIsRefusedByNameAndTheOthersAreTaken() throws IOException {
        prepare();
        try (EventStore store = RocksDbStores.open(folder, SETTINGS)) {
            StoreWrite well = event(WELL, EVENTS + 1);
            StoreWrite damaged = event(DAMAGED, EVENTS + 1);
            StoreWrite wellToo = event(WELL, EVENTS + 2);
            AppendOutcome outcome = store.append(List.of(well, damaged, wellToo));
            assertThat(outcome).isInstanceOfSatisfying(AppendOutcome.Refused.class, refused -> {
                assertThat(refused.writes()).containsExactly(damaged);
                assertThat(refused.reason()).contains("is damaged");
            });
            assertThat(store.append(List.of(well, wellToo))).isEqualTo(AppendOutcome.Stored.ALL);
            assertThat(readAll(store, WELL)).hasSize(EVENTS + 2);
        }
    }

    /** Three sessions in one table file, and the last blocks of the first of them overwritten. */
    private void prepare() throws IOException {
        try (EventStore store = RocksDbStores.open(folder, SETTINGS)) {
            for (SessionId session : List.of(DAMAGED, BETWEEN, WELL)) {
                store.append(List.of(Writes.session(session), Writes.stream(session, 0)));
                List<StoreWrite> events = new ArrayList<>();
                for (int sequence = 1; sequence <= EVENTS; sequence++) {
                    events.add(event(session, sequence));
                }
                assertThat(store.append(events)).isEqualTo(AppendOutcome.Stored.ALL);
            }
        }
        RocksDbStores.open(folder, SETTINGS).close(); // the log becomes table files
        Path table = largestTable();
        try (RandomAccessFile file = new RandomAccessFile(table.toFile(), "rw")) {
            byte[] noise = new byte[(int) (file.length() / 10)];
            new Random(1).nextBytes(noise);
            file.seek(file.length() / 4);
            file.write(noise);
        }
    }

    private Path largestTable() throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("rocksdb"))) {
            return files.filter(file -> file.toString().endsWith(".sst"))
                    .max((left, right) ->
                            Long.compare(left.toFile().length(), right.toFile().length()))
                    .orElseThrow();
        }
    }

    private static StoreWrite event(SessionId session, long sequence) {
        byte[] message = new byte[2_000];
        new Random(sequence).nextBytes(message);
        return new StoreWrite.AppendEvent(session, 0, new Event(sequence, 1, 1, false, null, message));
    }

    private static List<Event> readAll(EventStore store, SessionId session) {
        return store.read(session, 0, 0, Integer.MAX_VALUE, Long.MAX_VALUE);
    }
}
