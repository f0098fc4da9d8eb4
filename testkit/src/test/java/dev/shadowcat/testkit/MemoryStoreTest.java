package dev.shadowcat.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.MemoryStore;
import dev.shadowcat.store.StoreWrite.DeleteStream;
import dev.shadowcat.store.StoredStream;
import java.util.List;
import org.junit.jupiter.api.Test;

class MemoryStoreTest extends EventStoreContract {
    private static final SessionId ID = new SessionId(1, 1);

    @Override
    protected StoreHome newHome() {
        return new StoreHome() {
            @Override
            public EventStore open() {
                return new MemoryStore(Long.MAX_VALUE);
            }

            @Override
            public boolean remembers() {
                return false;
            }

            @Override
            public void close() {}
        };
    }

    @Test
    void theOldestEventsOfAllStreamsGoFirstAndTheStreamsSaySo() {
        int size = Writes.event(ID, 1, 1).event().bytes();
        EventStore store = new MemoryStore(4L * size);
        store.append(List.of(Writes.session(ID), Writes.stream(ID, 1), Writes.stream(ID, 2)));
        for (long sequence = 1; sequence <= 3; sequence++) {
            store.append(List.of(Writes.event(ID, 1, sequence), Writes.event(ID, 2, sequence)));
        }
        for (int stream = 1; stream <= 2; stream++) {
            assertThat(sequences(store, stream)).containsExactly(2L, 3L);
            StoredStream stored = store.stream(ID, stream).orElseThrow();
            assertThat(stored.trimmedThrough()).isEqualTo(1);
            assertThat(stored.lastSequence()).isEqualTo(3);
            assertThat(stored.bytes()).isEqualTo(2L * size);
        }
    }

    @Test
    void answersGoOnlyWhenNothingElseIsLeft() {
        int size = Writes.event(ID, 1, 1).event().bytes();
        EventStore store = new MemoryStore(2L * size);
        store.append(List.of(Writes.session(ID), Writes.stream(ID, 1)));
        store.append(List.of(Writes.answer(ID, 1, 1), Writes.event(ID, 1, 2), Writes.event(ID, 1, 3)));
        assertThat(sequences(store, 1)).containsExactly(1L, 3L);
        store.append(List.of(Writes.answer(ID, 1, 4)));
        assertThat(sequences(store, 1)).containsExactly(1L, 4L);
        store.append(List.of(Writes.answer(ID, 1, 5)));
        assertThat(sequences(store, 1)).containsExactly(4L, 5L);
        assertThat(store.stream(ID, 1).orElseThrow().trimmedThrough()).isEqualTo(3);
    }

    @Test
    void anEventLargerThanTheBoundIsKeptUntilTheNext() {
        EventStore store = new MemoryStore(1);
        store.append(List.of(Writes.session(ID), Writes.stream(ID, 1), Writes.event(ID, 1, 1)));
        assertThat(sequences(store, 1)).containsExactly(1L);
        store.append(List.of(Writes.event(ID, 1, 2)));
        assertThat(sequences(store, 1)).containsExactly(2L);
    }

    @Test
    void whatWasRemovedCountsNoLonger() {
        int size = Writes.event(ID, 1, 1).event().bytes();
        EventStore store = new MemoryStore(3L * size);
        store.append(List.of(Writes.session(ID), Writes.stream(ID, 1), Writes.stream(ID, 2)));
        store.append(List.of(Writes.event(ID, 1, 1), Writes.event(ID, 1, 2), Writes.event(ID, 2, 1)));
        store.append(List.of(new DeleteStream(ID, 1)));
        store.append(List.of(Writes.event(ID, 2, 2), Writes.event(ID, 2, 3)));
        assertThat(sequences(store, 2)).containsExactly(1L, 2L, 3L);
    }

    @Test
    void aBoundOfNothingIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new MemoryStore(0))
                .withMessageContaining("was 0");
    }

    private static List<Long> sequences(EventStore store, int stream) {
        return store.read(ID, stream, 0, Integer.MAX_VALUE, Long.MAX_VALUE).stream()
                .map(Event::sequence)
                .toList();
    }
}
