package dev.shadowcat.persist;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What waits aside takes half of the queue at most, in count and in bytes; the other half is for everybody else. */
@Tag("persistence-worker")
class QueueBoundsTest {
    private static final int BYTES = 100; // of each write here

    private final QueueBounds bounds = new QueueBounds(10, 10 * BYTES);
    private final Lane lane = new Lane(new Intake(1, 1, Observer.NONE, () -> 0), Runnable::run, Lane.Listener.NOBODY);
    private final PendingWrite write = new PendingWrite(
            new AppendEvent(
                    new SessionId(1, 1), 0, new Event(1, 0, 1, false, null, new byte[BYTES - Event.OVERHEAD_BYTES])),
            lane,
            Completion.NOBODY,
            0);

    private static void times(int times, Runnable what) {
        for (int i = 0; i < times; i++) {
            what.run();
        }
    }

    @Test
    void theQueueTakesItsCapacity() {
        assertThat(bounds.roomFor(9)).isTrue();
        assertThat(bounds.roomFor(10)).isFalse();
        bounds.tune(4, 10 * BYTES);
        assertThat(bounds.roomFor(3)).isTrue();
        assertThat(bounds.roomFor(4)).isFalse();
    }

    @Test
    void whatIsAsideTakesRoomFromTheQueueButNoMoreThanHalf() {
        times(3, () -> bounds.goesAside(write));
        assertThat(bounds.roomFor(6)).isTrue();
        assertThat(bounds.roomFor(7)).isFalse();
        times(5, () -> bounds.goesAside(write));
        assertThat(bounds.roomFor(4)).isTrue();
        assertThat(bounds.roomFor(5)).isFalse();
        assertThat(bounds.aside()).isEqualTo(8);
        times(8, () -> bounds.leavesAside(write));
        assertThat(bounds.roomFor(9)).isTrue();
        assertThat(bounds.aside()).isZero();
        assertThat(bounds.bytes()).isZero();
    }

    @Test
    void halfOfTheCapacityMayWaitAsideAndOneInAnyCase() {
        QueueBounds many = new QueueBounds(10, 1 << 20);
        times(4, () -> many.goesAside(write));
        assertThat(many.asideIsFull()).isFalse();
        many.goesAside(write);
        assertThat(many.asideIsFull()).isTrue();
        QueueBounds one = new QueueBounds(1, 1 << 20);
        assertThat(one.asideIsFull()).isFalse();
        one.goesAside(write);
        assertThat(one.asideIsFull()).isTrue();
    }

    @Test
    void halfOfTheBytesMayWaitAside() {
        QueueBounds large = new QueueBounds(1_000, 10 * BYTES);
        times(4, () -> large.goesAside(write));
        assertThat(large.asideIsFull()).isFalse();
        large.goesAside(write);
        assertThat(large.asideIsFull()).isTrue();
        large.leavesAside(write);
        assertThat(large.asideIsFull()).isFalse();
    }

    @Test
    void bytesHaveRoomUpToTheirBound() {
        times(10, () -> bounds.came(write));
        assertThat(bounds.bytes()).isEqualTo(10 * BYTES);
        assertThat(bounds.bytesHaveRoom()).isTrue();
        bounds.came(write);
        assertThat(bounds.bytesHaveRoom()).isFalse();
        bounds.left(write);
        assertThat(bounds.bytesHaveRoom()).isTrue();
    }

    @Test
    void bytesAsideTakeRoomFromTheOthersButNoMoreThanHalf() {
        times(6, () -> bounds.came(write));
        times(4, () -> bounds.goesAside(write));
        assertThat(bounds.bytes()).isEqualTo(10 * BYTES);
        assertThat(bounds.bytesHaveRoom()).isTrue();
        bounds.goesAside(write);
        assertThat(bounds.bytesHaveRoom()).isFalse();
        bounds.left(write);
        times(50, () -> bounds.goesAside(write));
        assertThat(bounds.bytesHaveRoom()).as("half is for the others").isTrue();
    }

    @Test
    void whatALaneThatIsHeldHasNoRoomForCountsAsAside() {
        times(8, this::overflow);
        assertThat(bounds.overflowing()).isEqualTo(8);
        assertThat(bounds.asideIsFull()).as("nothing holds the lane").isFalse();
        bounds.hold(lane, 1);
        bounds.hold(lane, 1);
        assertThat(bounds.asideIsFull()).isTrue();
        times(7, () -> bounds.came(write));
        assertThat(bounds.bytesHaveRoom())
                .as("seven of others, and half of the bound at most")
                .isFalse();
        times(2, () -> bounds.left(write));
        assertThat(bounds.bytesHaveRoom()).isTrue();
        bounds.hold(lane, -1);
        assertThat(bounds.asideIsFull()).as("another part holds it yet").isTrue();
        bounds.hold(lane, -1);
        assertThat(bounds.asideIsFull()).isFalse();
        assertThat(bounds.bytesHaveRoom()).isFalse();
    }

    @Test
    void whatComesToALaneThatIsHeldCountsAsAsideUntilItHasRoom() {
        bounds.hold(lane, 1);
        times(5, this::overflow);
        assertThat(bounds.asideIsFull()).isTrue();
        bounds.overflowsNoMore(write, lane);
        assertThat(bounds.asideIsFull()).isFalse();
        assertThat(bounds.overflowing()).isEqualTo(4);
    }

    private void overflow() {
        bounds.came(write);
        lane.overflow(write, 0);
        bounds.overflows(write, lane);
    }
}
