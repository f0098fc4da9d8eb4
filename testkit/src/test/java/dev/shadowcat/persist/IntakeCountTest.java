package dev.shadowcat.persist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.observe.Dropped;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import dev.shadowcat.testkit.ManualClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What waits is counted, wherever it does, and a batch is filled to its bounds. */
@Tag("persistence-worker")
class IntakeCountTest {
    private static final SessionId ID = new SessionId(1, 1);
    private static final int BYTES = 100; // of each event here

    private final ManualClock clock = new ManualClock(Instant.EPOCH);
    private final WorkerHarness.Counts counts = new WorkerHarness.Counts();
    private final Intake intake = new Intake(4, 1 << 20, counts, clock.nanoTime());
    private int room; // how often the lane heard of it
    private final Lane lane = new Lane(intake, Runnable::run, new Lane.Listener() {
        @Override
        public void roomAgain() {
            room++;
        }

        @Override
        public void settled() {}
    });

    private boolean offer(long sequence) {
        Event event = new Event(sequence, 0, 1, false, null, new byte[BYTES - Event.OVERHEAD_BYTES]);
        return lane.offer(new AppendEvent(ID, 0, event), Completion.NOBODY);
    }

    private void offer(long first, long last) {
        for (long sequence = first; sequence <= last; sequence++) {
            offer(sequence);
        }
    }

    private List<PendingWrite> drained() {
        List<PendingWrite> drained = new ArrayList<>();
        intake.drain(drained, 1 << 20, 10);
        return drained;
    }

    @Test
    void whatWaitsIsCountedUntilItsSessionEnds() {
        clock.advance(Duration.ofHours(1));
        offer(1, 6);
        assertThat(intake.depth()).isEqualTo(4);
        assertThat(intake.waiting()).as("two without room").isEqualTo(6);
        assertThat(intake.bytes()).isEqualTo(6 * BYTES);
        clock.advance(Duration.ofMillis(20));
        lane.close(new StoreWrite.DeleteSession(ID), Completion.NOBODY);
        assertThat(intake.waiting()).isOne();
        assertThat(intake.bytes()).isEqualTo(StoreWrite.RECORD_BYTES);
        assertThat(counts.backPressureEnded).containsExactly(Duration.ofMillis(20));
        assertThat(counts.dropped).containsExactly(entry(Dropped.SESSION_DELETED, 6));
    }

    @Test
    void aBatchIsFilledToItsBoundsAndNoFurther() {
        intake.tune(10, 1 << 20);
        offer(1, 8);
        List<PendingWrite> batch = new ArrayList<>();
        intake.drain(batch, 3 * BYTES, 100);
        assertThat(batch).hasSize(3);
        intake.drain(batch, 1 << 20, 4);
        assertThat(batch).hasSize(4);
        intake.drain(batch, 1 << 20, 4);
        assertThat(batch).as("it is full").hasSize(4);
        batch.clear();
        intake.drain(batch, 1, 4);
        assertThat(batch).as("one in any case").hasSize(1);
    }

    @Test
    void aLaneThatTwoPartsHoldWaitsForBoth() {
        offer(1, 2);
        List<PendingWrite> drained = drained();
        Set<Lane> first = new HashSet<>();
        Set<Lane> second = new HashSet<>();
        assertThat(intake.setAside(drained, first, 0)).isEqualTo(2);
        intake.alsoHold(drained, second);
        assertThat(second).containsExactly(lane);
        intake.release(first);
        assertThat(offer(3)).as("half of the queue waits aside").isFalse();
        assertThat(room).isZero();
        intake.release(second);
        assertThat(lane.blocked()).isFalse();
        assertThat(room).isOne();
        assertThat(intake.depth()).isEqualTo(3);
    }

    @Test
    void whatThereIsNoRoomForAsideGoesBackToItsLaneBeforeWhatCameSince() {
        offer(1, 4);
        List<PendingWrite> drained = drained();
        offer(5, 6);
        Set<Lane> holding = new HashSet<>();
        assertThat(intake.setAside(drained, holding, 1)).isEqualTo(2);
        assertThat(intake.aside()).isEqualTo(2);
        assertThat(intake.depth()).as("nothing of it is queued").isEqualTo(2);
        assertThat(intake.waiting()).isEqualTo(6);
        assertThat(intake.bytes()).isEqualTo(6 * BYTES);
        intake.leaveAside(drained.subList(0, 2));
        intake.release(holding);
        assertThat(drained())
                .extracting(write -> ((AppendEvent) write.write()).event().sequence())
                .containsExactly(3L, 4L, 5L, 6L);
        assertThat(intake.waiting()).isZero();
        assertThat(intake.bytes()).isZero();
    }
}
