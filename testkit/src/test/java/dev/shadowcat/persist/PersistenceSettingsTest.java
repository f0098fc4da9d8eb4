package dev.shadowcat.persist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.testkit.Writes;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Settings are refused by key, rule and value, and a running worker goes on with others. */
@Tag("persistence-worker")
class PersistenceSettingsTest {
    private static final SessionId ID = new SessionId(1, 1);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "10|16777216|1048576|50|PT0.1S|PT0.1S|PT5S|queue.capacity: must be at least batch.max-events, but was 10",
                "1000|100|1048576|50|PT0.1S|PT0.1S|PT5S|queue.bytes: must be at least batch.max-bytes, but was 100",
                "1000|16777216|0|50|PT0.1S|PT0.1S|PT5S|batch.max-bytes: must be at least 1, but was 0",
                "1000|16777216|1048576|0|PT0.1S|PT0.1S|PT5S|batch.max-events: must be at least 1, but was 0",
                "1000|16777216|1048576|50|PT-0.1S|PT0.1S|PT5S|batch.interval: must be at least 0, but was PT-0.1S",
                "1000|16777216|1048576|50|PT0.1S|PT0S|PT5S|store-retry.first: must be at least 1 ms, but was PT0S",
                "1000|16777216|1048576|50|PT0.1S|PT6S|PT5S|store-retry.cap: must be at least store-retry.first, but was PT5S",
            })
    void aBrokenRuleIsNamed(
            int capacity,
            long bytes,
            int batchBytes,
            int entries,
            Duration interval,
            Duration first,
            Duration cap,
            String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PersistenceSettings(
                        capacity, bytes, batchBytes, entries, interval, Duration.ZERO, first, cap))
                .withMessage(message);
    }

    @Test
    void whatIsLeastIsTaken() {
        Duration least = Duration.ofMillis(1);
        StoreFailureSettings failure = new StoreFailureSettings(least, OnStoreFailure.HOLD, Duration.ZERO);
        PersistenceSettings settings =
                new PersistenceSettings(1, 1, 1, 1, Duration.ZERO, Duration.ZERO, least, least, failure);
        assertThat(settings.failure()).isEqualTo(failure);
    }

    @Test
    void noSyncComesBeforeTheOneBefore() {
        Duration negative = Duration.ofMillis(-1);
        Duration second = Duration.ofSeconds(1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new PersistenceSettings(50, 100, 100, 50, second, negative, second, second))
                .withMessage("sync.interval: must be at least 0, but was PT-0.001S");
    }

    @Test
    void whatToDoAboutAFailingStoreIsCheckedToo() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new StoreFailureSettings(Duration.ZERO, OnStoreFailure.HOLD, Duration.ZERO))
                .withMessage("store-stall: must be at least 1 ms, but was PT0S");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        new StoreFailureSettings(Duration.ofMillis(1), OnStoreFailure.HOLD, Duration.ofMillis(-1)))
                .withMessage("hold-for: must be at least 0, but was PT-0.001S");
    }

    @Test
    void aRunningWorkerTakesOtherBoundsOverAndLosesNothingThatWaits() throws InterruptedException {
        WorkerHarness harness = new WorkerHarness(WorkerHarness.queue(10, 1 << 20, 1 << 20));
        Lane lane = harness.lane(ID);
        for (long sequence = 1; sequence <= 10; sequence++) {
            assertThat(lane.offer(Writes.event(ID, 0, sequence), harness.completion))
                    .isTrue();
        }
        harness.worker.tune(WorkerHarness.queue(5, 1 << 20, 1 << 20));
        assertThat(lane.offer(Writes.event(ID, 0, 11), harness.completion)).isFalse();
        harness.turn();
        harness.turn();
        harness.turn();
        assertThat(harness.sequences(ID, 0)).hasSize(11).isSorted();
        harness.worker.tune(WorkerHarness.queue(20, 1 << 20, 1 << 20));
        for (long sequence = 12; sequence <= 31; sequence++) {
            assertThat(lane.offer(Writes.event(ID, 0, sequence), harness.completion))
                    .isTrue();
        }
        assertThat(lane.offer(Writes.event(ID, 0, 32), harness.completion)).isFalse();
    }
}
