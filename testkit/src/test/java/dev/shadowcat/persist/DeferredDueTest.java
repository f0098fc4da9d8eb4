package dev.shadowcat.persist;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.testkit.ManualClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** When deferred writes are due, to the nanosecond: the worker sleeps until then and no longer. */
@Tag("activity-batching")
class DeferredDueTest {
    private static final long INTERVAL = Duration.ofMillis(100).toNanos();
    private static final int ENOUGH = 50;

    private final ManualClock clock = new ManualClock(Instant.EPOCH);
    private final List<String> flushes = new ArrayList<>();
    private DeferredWrites writes;

    @BeforeEach
    void anHourPasses() {
        clock.advance(Duration.ofHours(1));
        Observer observer = new Observer() {
            @Override
            public void activityFlushed(int updates, long nanos) {
                flushes.add(updates + " after " + Duration.ofNanos(nanos).toMillis() + " ms");
            }
        };
        writes = new DeferredWrites(() -> PersistenceSettings.DEFAULTS, observer, clock.nanoTime());
    }

    /** Whether the worker is woken for it. */
    private boolean touch(int session) {
        return writes.offer(new SessionId(session, session), new SessionActivity(session, 0))
                == DeferredWrites.Offered.WAKING;
    }

    private void touch(int first, int last) {
        for (int session = first; session <= last; session++) {
            touch(session);
        }
    }

    private List<PendingWrite> drained() {
        List<PendingWrite> drained = new ArrayList<>();
        writes.drain(drained);
        return drained;
    }

    private void passes(long nanos) {
        clock.advance(Duration.ofNanos(nanos));
    }

    @Test
    void nothingIsDueWhereNothingWaits() {
        passes(INTERVAL);
        assertThat(writes.due()).isFalse();
        assertThat(writes.nanosUntilDue()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void theFirstWaitsForTheInterval() {
        touch(1);
        assertThat(writes.nanosUntilDue()).isEqualTo(INTERVAL);
        passes(INTERVAL - 1);
        touch(2);
        assertThat(writes.due()).isFalse();
        assertThat(writes.nanosUntilDue()).isEqualTo(1);
        passes(1);
        assertThat(writes.due()).isTrue();
        assertThat(writes.nanosUntilDue()).isZero();
        passes(1);
        assertThat(writes.nanosUntilDue()).isZero();
    }

    @Test
    void enoughOfThemAreDueAtOnce() {
        touch(1, ENOUGH - 1);
        assertThat(writes.due()).isFalse();
        assertThat(writes.nanosUntilDue()).isEqualTo(INTERVAL);
        assertThat(touch(ENOUGH)).as("wakes the worker").isTrue();
        assertThat(writes.due()).isTrue();
        assertThat(writes.nanosUntilDue()).isZero();
    }

    @Test
    void enoughOfThemWaitForAnIntervalSinceTheFlushBefore() {
        touch(1);
        passes(INTERVAL);
        drained();
        passes(INTERVAL / 4);
        touch(1, ENOUGH);
        assertThat(writes.due()).isFalse();
        assertThat(writes.nanosUntilDue()).isEqualTo(3 * INTERVAL / 4);
        passes(3 * INTERVAL / 4);
        assertThat(writes.due()).isTrue();
        assertThat(writes.nanosUntilDue()).isZero();
    }

    @Test
    void aFlushTakesThemAllAndTellsHowManyAndHowLongTheFirstWaited() {
        touch(1, 3);
        passes(INTERVAL / 2);
        List<PendingWrite> drained = new ArrayList<>(drained());
        assertThat(drained)
                .hasSize(3)
                .allMatch(write -> write.offeredNanos() == clock.nanoTime().getAsLong());
        touch(4);
        passes(INTERVAL / 10);
        writes.drain(drained);
        assertThat(drained).hasSize(4);
        assertThat(flushes).containsExactly("3 after 50 ms", "1 after 10 ms");
        assertThat(writes.size()).isZero();
    }

    @Test
    void theFirstAfterAFlushWakesTheWorkerThatSleepsSinceThen() {
        assertThat(touch(1)).isTrue();
        assertThat(touch(2)).isFalse();
        drained();
        assertThat(writes.nanosUntilDue()).isEqualTo(Long.MAX_VALUE);
        assertThat(touch(3)).isTrue();
        assertThat(touch(4)).isFalse();
    }
}
