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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Looking into a store from outside, while a gateway writes it and when none does. */
class ReadOnlyStoreTest {
    private static final SessionId ID = new SessionId(5, 6);
    private static final RocksDbSettings SETTINGS = RocksDbHome.small(RocksDbSettings.Durability.BATCHED);

    @TempDir
    Path folder;

    @Test
    void aReaderSeesWhatIsInTheLogAndWhatIsAppendedLater() {
        try (EventStore store = RocksDbStores.open(folder, SETTINGS)) {
            append(store, Writes.session(ID), Writes.stream(ID, 0), Writes.event(ID, 0, 1, "u1"));
            try (EventStore reader = RocksDbStores.openReadOnly(folder)) {
                assertThat(sequences(reader)).containsExactly(1L);
                append(store, Writes.event(ID, 0, 2));
                assertThat(sequences(reader)).containsExactly(1L, 2L);
                assertThat(reader.stream(ID, 0)).isEqualTo(store.stream(ID, 0));
                assertThat(reader.sessions(null, 10)).hasSize(1);
                append(store, new StoreWrite.TrimStream(ID, 0, 1));
                assertThat(sequences(reader)).containsExactly(2L);
                append(store, new StoreWrite.DeleteSession(ID));
                assertThat(reader.session(ID)).isEmpty();
                assertThat(sequences(reader)).isEmpty();
                assertThat(reader.credentialKey()).isEqualTo(store.credentialKey());
            }
        }
    }

    @Test
    void aReaderKeepsUpWithFilesThatComeAndGo() {
        try (EventStore store = RocksDbStores.open(folder, SETTINGS)) {
            append(store, Writes.session(ID), Writes.stream(ID, 0));
            try (EventStore reader = RocksDbStores.openReadOnly(folder)) {
                long sequence = 0;
                for (int round = 0; round < 40; round++) {
                    for (int i = 0; i < 20; i++) {
                        List<StoreWrite> batch = new ArrayList<>();
                        for (int j = 0; j < 50; j++) {
                            batch.add(incompressible(++sequence));
                        }
                        assertThat(store.append(batch)).isEqualTo(AppendOutcome.Stored.ALL);
                    }
                    assertThat(reader.stream(ID, 0).orElseThrow().lastSequence())
                            .isEqualTo(sequence);
                }
                assertThat(sequences(reader)).hasSize(40_000);
            }
        }
    }

    @Test
    void aReaderOpensAStoreThatNobodyHasOpen() {
        try (EventStore store = RocksDbStores.open(folder, SETTINGS)) {
            append(store, Writes.session(ID), Writes.stream(ID, 0), Writes.event(ID, 0, 1));
        }
        try (EventStore reader = RocksDbStores.openReadOnly(folder)) {
            assertThat(sequences(reader)).containsExactly(1L);
        }
    }

    @Test
    void aReaderChangesNothing() throws IOException {
        try (EventStore store = RocksDbStores.open(folder, SETTINGS)) {
            append(store, Writes.session(ID));
        }
        List<String> before = names();
        try (EventStore reader = RocksDbStores.openReadOnly(folder)) {
            assertThatThrownBy(() -> reader.append(List.of(Writes.session(ID))))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("reading only");
            assertThatThrownBy(() -> reader.expire(ID, Long.MAX_VALUE)).isInstanceOf(StoreException.class);
            reader.sync();
            assertThat(reader.session(ID)).isPresent();
        }
        assertThat(names()).isEqualTo(before);
    }

    @Test
    void whereThereIsNoStoreNoneIsMade() {
        Path nothing = folder.resolve("nothing");
        assertThatThrownBy(() -> RocksDbStores.openReadOnly(nothing))
                .isInstanceOf(StoreException.class)
                .hasMessage("there is no store in " + nothing);
        assertThat(nothing).doesNotExist();
    }

    private static void append(EventStore store, StoreWrite... batch) {
        assertThat(store.append(List.of(batch))).isEqualTo(AppendOutcome.Stored.ALL);
    }

    private static StoreWrite incompressible(long sequence) {
        byte[] message = new byte[400];
        new Random(sequence).nextBytes(message);
        return new StoreWrite.AppendEvent(ID, 0, new Event(sequence, 1, 1, false, null, message));
    }

    private static List<Long> sequences(EventStore store) {
        return store.read(ID, 0, 0, Integer.MAX_VALUE, Long.MAX_VALUE).stream()
                .map(Event::sequence)
                .toList();
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("rocksdb"))) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
