package dev.shadowcat.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.MemoryStore;
import dev.shadowcat.store.Partition;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** A store that is not told to fail keeps the contract, and one that is fails as it was told. */
class FailingStoreTest extends EventStoreContract {
    private static final SessionId ID = new SessionId(1, 1);
    private static final List<StoreWrite> BEGIN = List.of(Writes.session(ID), Writes.stream(ID, 0));

    private final FailingStore store = new FailingStore(() -> new MemoryStore(Long.MAX_VALUE));

    @Override
    protected StoreHome newHome() {
        return new StoreHome() {
            @Override
            public EventStore open() {
                return new FailingStore(() -> new MemoryStore(Long.MAX_VALUE));
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
    void itIsBusyAsOftenAsTold() {
        store.beBusyFor(2);
        assertThat(store.append(BEGIN)).isInstanceOf(AppendOutcome.Busy.class);
        assertThat(store.append(BEGIN)).isInstanceOf(AppendOutcome.Busy.class);
        assertThat(store.session(ID)).isEmpty();
        assertThat(store.append(BEGIN)).isEqualTo(AppendOutcome.Stored.ALL);
    }

    @Test
    void itThrowsAndStoresNothingOrEverythingAsTold() {
        store.throwFor(1);
        assertThatThrownBy(() -> store.append(BEGIN)).isInstanceOf(StoreException.class);
        assertThat(store.session(ID)).isEmpty();
        store.loseOutcomeFor(1);
        assertThatThrownBy(() -> store.append(BEGIN)).isInstanceOf(StoreException.class);
        assertThat(store.session(ID)).isPresent();
    }

    @Test
    void itRefusesPoisonAndNothingElse() {
        store.append(BEGIN);
        store.refuse(
                write -> write instanceof AppendEvent event && event.event().sequence() == 2);
        assertThat(store.append(List.of(Writes.event(ID, 0, 1)))).isEqualTo(AppendOutcome.Stored.ALL);
        assertThat(store.append(List.of(Writes.event(ID, 0, 2)))).isInstanceOf(AppendOutcome.Refused.class);
        assertThat(store.append(List.of(Writes.event(ID, 0, 3)))).isEqualTo(AppendOutcome.Stored.ALL);
    }

    @Test
    void itNamesPoisonWhereItIsToldTo() {
        store.append(BEGIN);
        store.refuseByName(
                write -> write instanceof AppendEvent event && event.event().sequence() == 2);
        StoreWrite poison = Writes.event(ID, 0, 2);
        assertThat(store.append(List.of(Writes.event(ID, 0, 1), poison)))
                .isEqualTo(new AppendOutcome.Refused("told to refuse AppendEvent", List.of(poison)));
    }

    @Test
    void itFailsForOneSessionAlone() {
        SessionId other = new SessionId(2, 2);
        Partition part = new Partition.OneSession(ID);
        store.append(BEGIN);
        store.append(List.of(Writes.session(other), Writes.stream(other, 0)));
        store.fail(part);
        List<StoreWrite> both = List.of(Writes.event(other, 0, 1), Writes.event(ID, 0, 1));
        assertThat(store.append(both))
                .isInstanceOfSatisfying(
                        AppendOutcome.Busy.class,
                        busy -> assertThat(busy.part()).isEqualTo(part));
        assertThat(store.stream(other, 0).orElseThrow().lastSequence())
                .as("all or nothing")
                .isZero();
        assertThat(store.append(List.of(Writes.event(other, 0, 1)))).isEqualTo(AppendOutcome.Stored.ALL);
        store.heal(part);
        assertThat(store.append(both)).isEqualTo(AppendOutcome.Stored.ALL);
    }

    @Test
    void itStallsUntilReleased() throws Exception {
        store.stall();
        try (ExecutorService worker = Executors.newSingleThreadExecutor()) {
            Future<AppendOutcome> appended = worker.submit(() -> store.append(BEGIN));
            await().until(store::isStalling);
            assertThat(appended).isNotDone();
            assertThat(store.session(ID)).as("reads go on").isEmpty();
            store.release();
            assertThat(appended.get()).isEqualTo(AppendOutcome.Stored.ALL);
        }
    }

    @Test
    void aCrashForgetsWhatWasNotSynced() {
        store.append(BEGIN);
        store.append(List.of(Writes.event(ID, 0, 1)));
        store.sync();
        store.append(List.of(Writes.event(ID, 0, 2)));
        byte[] key = store.credentialKey();
        store.crash();
        assertThat(store.stream(ID, 0).orElseThrow().lastSequence()).isEqualTo(1);
        assertThat(store.bootEpoch()).isEqualTo(1);
        assertThat(store.credentialKey()).isEqualTo(key);
    }

    @Test
    void theSameSeedFailsTheSameWay() {
        FailingStore other = new FailingStore(() -> new MemoryStore(Long.MAX_VALUE));
        store.failAtRandom(7, 0.5);
        other.failAtRandom(7, 0.5);
        int failed = 0;
        for (int i = 0; i < 100; i++) {
            boolean stored = isStored(store);
            assertThat(isStored(other)).isEqualTo(stored);
            failed += stored ? 0 : 1;
        }
        assertThat(failed).isBetween(20, 80);
        store.heal();
        for (int i = 0; i < 100; i++) {
            assertThat(isStored(store)).isTrue();
        }
    }

    private static boolean isStored(EventStore store) {
        try {
            return store.append(BEGIN) instanceof AppendOutcome.Stored;
        } catch (StoreException told) {
            return false;
        }
    }
}
