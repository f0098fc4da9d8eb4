package dev.shadowcat.persist;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.store.Partition;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoreWrite.TouchSession;
import dev.shadowcat.testkit.Writes;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What waits for a part of the store leaves it in order, in batches within their bounds, and is tried again in time. */
@Tag("persistence-worker")
class HeldPartitionTest {
    private static final SessionId ID = new SessionId(1, 1);
    private static final SessionId OTHER = new SessionId(2, 2);
    private static final long MILLI = 1_000_000;

    private final HeldPartition part = new HeldPartition(
            Partition.WHOLE, new Backoff(Duration.ofMillis(100), Duration.ofMillis(100), new Random(1)));
    private final Lane lane = new Lane(new Intake(1, 1, Observer.NONE, () -> 0), Runnable::run, Lane.Listener.NOBODY);

    private PendingWrite waits(StoreWrite write) {
        return new PendingWrite(write, lane, Completion.NOBODY, 0);
    }

    private PendingWrite event(long sequence) {
        return waits(Writes.event(ID, 0, sequence));
    }

    private static PendingWrite activity(SessionId id, long millis) {
        return PendingWrite.deferred(new TouchSession(id, new SessionActivity(millis, 0)), 0);
    }

    @Test
    void aBatchKeepsItsBoundOfBytes() {
        List<PendingWrite> events = List.of(event(1), event(2), event(3), event(4));
        events.forEach(part::add);
        int each = events.getFirst().bytes();
        assertThat(part.take(2L * each, 100)).containsExactlyElementsOf(events.subList(0, 2));
        assertThat(part.take(1, 100)).as("one in any case").containsExactly(events.get(2));
        assertThat(part.size()).isOne();
    }

    @Test
    void aBatchKeepsItsBoundOfWrites() {
        List<PendingWrite> events = List.of(event(1), event(2), event(3));
        events.forEach(part::add);
        assertThat(part.take(1 << 20, 2)).containsExactlyElementsOf(events.subList(0, 2));
        assertThat(part.take(1 << 20, 2)).containsExactly(events.get(2));
        assertThat(part.isEmpty()).isTrue();
    }

    @Test
    void activityGoesWithTheLastOfTheRest() {
        PendingWrite[] activities = {activity(ID, 1), activity(OTHER, 1)};
        List.of(event(1), event(2)).forEach(part::add);
        for (PendingWrite each : activities) {
            part.addDeferred(each);
        }
        assertThat(part.take(1 << 20, 1)).hasSize(1);
        PendingWrite second = event(2);
        assertThat(part.take(second.bytes() + StoreWrite.RECORD_BYTES, 1))
                .hasSize(2)
                .endsWith(activities[0]);
        assertThat(part.isEmpty()).isFalse();
        assertThat(part.take(1, 1)).as("one in any case").containsExactly(activities[1]);
        assertThat(part.isEmpty()).isTrue();
    }

    @Test
    void oneActivityWaitsForEachSessionTheNewest() {
        part.addDeferred(activity(ID, 1));
        PendingWrite newer = activity(ID, 2);
        part.addDeferred(newer);
        assertThat(part.deferredSize()).isOne();
        assertThat(part.take(1 << 20, 10)).containsExactly(newer);
    }

    @Test
    void whatFoundNoFateComesBackToTheFront() {
        List<PendingWrite> events = List.of(event(1), event(2), event(3));
        events.forEach(part::add);
        part.addDeferred(activity(ID, 1));
        List<PendingWrite> taken = part.take(1 << 20, 10);
        assertThat(part.has(ID)).isFalse();
        PendingWrite newer = activity(ID, 2);
        part.addDeferred(newer);
        PendingWrite fourth = event(4);
        part.add(fourth);
        part.putBack(taken);
        assertThat(part.has(ID)).isTrue();
        assertThat(part.take(1 << 20, 10))
                .as("in order, and the newer activity")
                .containsExactly(events.get(0), events.get(1), events.get(2), fourth, newer);
        assertThat(part.has(ID)).isFalse();
    }

    @Test
    void aSessionWaitsHereUntilTheLastOfItsWritesIsTaken() {
        List.of(event(1), event(2)).forEach(part::add);
        assertThat(part.has(ID)).isTrue();
        assertThat(part.has(OTHER)).isFalse();
        part.take(1, 1);
        assertThat(part.has(ID)).isTrue();
        part.take(1, 1);
        assertThat(part.has(ID)).isFalse();
    }

    @Test
    void oneSessionIsTakenOutAndTheOthersStay() {
        PendingWrite own = event(1);
        PendingWrite others = waits(Writes.event(OTHER, 0, 1));
        PendingWrite activity = activity(ID, 1);
        PendingWrite othersActivity = activity(OTHER, 1);
        List.of(others, own).forEach(part::add);
        part.addDeferred(activity);
        part.addDeferred(othersActivity);
        assertThat(part.takeOut(ID::equals)).containsExactly(own, activity);
        assertThat(part.has(ID)).isFalse();
        assertThat(part.take(1 << 20, 10)).containsExactly(others, othersActivity);
    }

    @Test
    void aTryIsDueAfterThePauseAndNoSoonerThanTheStoreAsks() {
        part.failed(5 * MILLI, 300);
        assertThat(part.nanosUntilDue(5 * MILLI)).isEqualTo(300 * MILLI);
        assertThat(part.nanosUntilDue(304 * MILLI)).isEqualTo(MILLI);
        assertThat(part.nanosUntilDue(400 * MILLI)).isZero();
        part.failed(0, 0);
        assertThat(part.nanosUntilDue(0)).isBetween(MILLI, 100 * MILLI);
        part.worked(0);
        assertThat(part.nanosUntilDue(0)).isZero();
    }

    @Test
    void thePausesBeginAnewOnceItWorked() {
        HeldPartition doubling = new HeldPartition(
                Partition.WHOLE, new Backoff(Duration.ofMillis(16), Duration.ofMillis(64), () -> -1)); // the longest
        doubling.failed(0, 0);
        assertThat(doubling.nanosUntilDue(0)).isEqualTo(16 * MILLI);
        doubling.failed(0, 0);
        assertThat(doubling.nanosUntilDue(0)).isEqualTo(32 * MILLI);
        doubling.worked(0);
        doubling.failed(0, 0);
        assertThat(doubling.nanosUntilDue(0)).isEqualTo(16 * MILLI);
    }

    @Test
    void whereTheWorkerClosesTheNextTryIsDueSoonButNotLater() {
        part.failed(0, 300);
        part.hurry(10 * MILLI, 50);
        assertThat(part.nanosUntilDue(10 * MILLI)).isEqualTo(50 * MILLI);
        part.hurry(30 * MILLI, 50);
        assertThat(part.nanosUntilDue(30 * MILLI)).as("it comes no later").isEqualTo(30 * MILLI);
    }
}
