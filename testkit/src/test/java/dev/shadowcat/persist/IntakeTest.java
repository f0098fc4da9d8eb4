package dev.shadowcat.persist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.observe.Dropped;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import dev.shadowcat.testkit.Writes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The queue is bounded in count and in bytes, drops nothing, and gives every session its share. */
@Tag("persistence-worker")
class IntakeTest {
    private static final SessionId ID = new SessionId(1, 1);
    private static final SessionId OTHER = new SessionId(2, 2);

    private static AppendEvent event(SessionId id, long sequence, int bytes) {
        return new AppendEvent(id, 0, new Event(sequence, 0, 1, false, null, new byte[bytes - Event.OVERHEAD_BYTES]));
    }

    private static int bytes(List<StoreWrite> batch) {
        return batch.stream().mapToInt(StoreWrite::bytes).sum();
    }

    @Test
    void aFullQueueSaysSoAndKeepsTheWrite() throws InterruptedException {
        WorkerHarness harness = new WorkerHarness(WorkerHarness.queue(4, 1 << 20, 1 << 20));
        harness.lane(ID);
        List<String> room = new ArrayList<>();
        Lane lane = harness.worker.lane(harness.loop, new Lane.Listener() {
            @Override
            public void roomAgain() {
                room.add("room");
            }

            @Override
            public void settled() {}
        });
        for (long sequence = 1; sequence <= 4; sequence++) {
            assertThat(lane.offer(Writes.event(ID, 0, sequence), harness.completion))
                    .isTrue();
        }
        assertThat(lane.blocked()).isFalse();
        assertThat(lane.offer(Writes.event(ID, 0, 5), harness.completion)).isFalse();
        assertThat(lane.offer(Writes.event(ID, 0, 6), harness.completion)).isFalse();
        assertThat(lane.blocked()).isTrue();
        assertThat(harness.counts.backPressure).isEqualTo(2);
        assertThat(harness.worker.queueDepth()).isEqualTo(4);
        harness.loop.runAll();
        assertThat(room).isEmpty();
        harness.clock.advance(Duration.ofMillis(30));
        harness.turn();
        assertThat(lane.blocked()).isFalse();
        assertThat(room).hasSize(1);
        assertThat(harness.counts.backPressureEnded).containsExactly(Duration.ofMillis(30));
        harness.turn();
        assertThat(harness.sequences(ID, 0)).containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
        assertThat(harness.worker.queueBytes()).isZero();
    }

    @Test
    void noLaneOvertakesItselfWhereTheQueueHasRoomAgain() throws InterruptedException {
        WorkerHarness harness = new WorkerHarness(WorkerHarness.queue(8, 1 << 20, 300));
        Lane lane = harness.lane(ID);
        long given = 0;
        for (int turn = 0; turn < 20; turn++) {
            for (int i = 0; i < 5; i++) {
                lane.offer(event(ID, ++given, 100), harness.completion);
            }
            harness.turn();
        }
        harness.turnUntilNothingWaits();
        assertThat(harness.sequences(ID, 0))
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, given).boxed().toList());
    }

    @Test
    void aBatchHoldsAMebibyteAtMost() throws InterruptedException {
        WorkerHarness harness = new WorkerHarness();
        Lane lane = harness.lane(ID);
        for (long sequence = 1; sequence <= 40; sequence++) {
            lane.offer(event(ID, sequence, 100_000), harness.completion);
        }
        harness.turnUntilNothingWaits();
        assertThat(harness.batches).extracting(List::size).containsExactly(10, 10, 10, 10);
        assertThat(harness.batches).allMatch(batch -> bytes(batch) <= 1 << 20);
    }

    @Test
    void anEventLargerThanABatchGoesAlone() throws InterruptedException {
        WorkerHarness harness = new WorkerHarness();
        Lane lane = harness.lane(ID);
        lane.offer(event(ID, 1, 100), harness.completion);
        lane.offer(event(ID, 2, 3 << 20), harness.completion);
        lane.offer(event(ID, 3, 100), harness.completion);
        harness.turnUntilNothingWaits();
        assertThat(harness.batches).extracting(List::size).containsExactly(1, 1, 1);
        assertThat(harness.sequences(ID, 0)).containsExactly(1L, 2L, 3L);
    }

    @Test
    void anEventLargerThanTheQueueIsTakenWhereNothingElseWaits() throws InterruptedException {
        WorkerHarness harness = new WorkerHarness(WorkerHarness.queue(8, 1_000, 1_000));
        Lane lane = harness.lane(ID);
        assertThat(lane.offer(event(ID, 1, 5_000), harness.completion)).isTrue();
        assertThat(lane.offer(event(ID, 2, 100), harness.completion)).isFalse();
        harness.turn();
        assertThat(lane.blocked()).isFalse();
        harness.turn();
        assertThat(harness.sequences(ID, 0)).containsExactly(1L, 2L);
    }

    @Test
    void nobodyIsLetOnWhileTheBytesOfAllAreAboveTheirBound() throws InterruptedException {
        int lanes = 20;
        WorkerHarness harness = new WorkerHarness(WorkerHarness.queue(1_000, 10_000, 1_000));
        long most = 0;
        Map<Integer, Long> given = new HashMap<>();
        List<Lane> all = new ArrayList<>();
        for (int i = 0; i < lanes; i++) {
            all.add(harness.lane(new SessionId(i, i)));
        }
        for (int turn = 0; turn < 100; turn++) {
            for (int i = 0; i < lanes; i++) {
                if (!all.get(i).blocked()) { // one read of an upstream whose reading was not stopped
                    long sequence = given.merge(i, 1L, Long::sum);
                    all.get(i).offer(event(new SessionId(i, i), sequence, 1_000), harness.completion);
                }
            }
            most = Math.max(most, harness.worker.queueBytes());
            harness.turn();
        }
        assertThat(most).as("the bound and one read of each").isLessThanOrEqualTo(10_000 + lanes * 1_000L);
        assertThat(given.values()).as("turns of each lane").allMatch(turns -> turns >= 5);
        harness.turnUntilNothingWaits();
        assertThat(all).noneMatch(Lane::blocked);
        assertThat(harness.worker.queueBytes()).isZero();
        assertThat(harness.stored)
                .hasSize(given.values().stream().mapToInt(Long::intValue).sum());
    }

    @Test
    void aFloodLeavesSevenEighthsToThoseWhoWait() throws InterruptedException {
        WorkerHarness harness = new WorkerHarness(WorkerHarness.queue(80, 1 << 20, 1 << 20));
        Lane flood = harness.lane(ID);
        List<SessionId> quiet = LongStream.rangeClosed(10, 16)
                .mapToObj(n -> new SessionId(n, n))
                .toList();
        List<Lane> lanes = quiet.stream().map(harness::lane).toList();
        for (long sequence = 1; sequence <= 500; sequence++) {
            flood.offer(event(ID, sequence, 100), harness.completion);
        }
        for (int i = 0; i < lanes.size(); i++) {
            for (long sequence = 1; sequence <= 30; sequence++) {
                lanes.get(i).offer(event(quiet.get(i), sequence, 100), harness.completion);
            }
        }
        harness.turn();
        harness.batches.clear();
        harness.turn();
        Map<SessionId, Long> shares = new HashMap<>();
        harness.batches.getFirst().forEach(write -> shares.merge(write.session(), 1L, Long::sum));
        assertThat(shares)
                .hasSize(8)
                .allSatisfy((id, share) -> assertThat(share).isEqualTo(10));
        harness.turn();
        harness.turn();
        quiet.forEach(id -> assertThat(harness.sequences(id, 0)).hasSize(30));
    }

    @Test
    void whoDidNotWaitTakesNoMoreThanItsShareWhileOthersDo() throws InterruptedException {
        WorkerHarness harness = new WorkerHarness(WorkerHarness.queue(80, 1 << 20, 1 << 20));
        for (long flood = 1; flood <= 2; flood++) {
            SessionId id = new SessionId(flood, 99);
            Lane lane = harness.lane(id);
            for (long sequence = 1; sequence <= 200; sequence++) {
                lane.offer(event(id, sequence, 100), harness.completion);
            }
        }
        harness.turn();
        Lane third = harness.lane(OTHER);
        int taken = 0;
        for (long sequence = 1; sequence <= 30; sequence++) {
            taken += third.offer(event(OTHER, sequence, 100), harness.completion) ? 1 : 0;
        }
        assertThat(taken).isEqualTo(10);
    }

    @Test
    void noLaneOvertakesItselfWhereAnotherOneEnded() throws InterruptedException {
        WorkerHarness harness = new WorkerHarness(WorkerHarness.queue(80, 1_000, 1_000));
        Lane ending = harness.lane(OTHER);
        Lane lane = harness.lane(ID);
        ending.offer(event(OTHER, 1, 900), harness.completion);
        assertThat(lane.offer(event(ID, 1, 200), harness.completion)).isFalse();
        ending.close(new StoreWrite.DeleteSession(OTHER), harness.completion);
        assertThat(lane.offer(event(ID, 2, 200), harness.completion)).isFalse();
        harness.turn();
        harness.turn();
        assertThat(harness.sequences(ID, 0)).containsExactly(1L, 2L);
    }

    @Test
    void aSessionAloneHasTheWholeQueue() throws InterruptedException {
        WorkerHarness harness = new WorkerHarness(WorkerHarness.queue(80, 1 << 20, 1 << 20));
        Lane lane = harness.lane(ID);
        for (long sequence = 1; sequence <= 200; sequence++) {
            lane.offer(event(ID, sequence, 100), harness.completion);
        }
        harness.turn();
        harness.turn();
        harness.turn();
        assertThat(harness.batches).extracting(List::size).containsExactly(80, 80, 40);
    }

    @Test
    void whatOthersWroteWhileAFloodWaitsIsNotBehindIt() throws InterruptedException {
        WorkerHarness harness = new WorkerHarness(WorkerHarness.queue(80, 1 << 20, 1 << 20));
        Lane flood = harness.lane(ID);
        Lane quiet = harness.lane(OTHER);
        for (long sequence = 1; sequence <= 1_000; sequence++) {
            flood.offer(event(ID, sequence, 100), harness.completion);
        }
        quiet.offer(event(OTHER, 1, 100), harness.completion);
        harness.turn();
        harness.turn();
        assertThat(harness.sequences(OTHER, 0)).as("stored within two batches").containsExactly(1L);
    }

    @Test
    void aSessionThatEndsDiscardsWhatWaitsOfItAndOfNobodyElse() throws InterruptedException {
        WorkerHarness harness = new WorkerHarness(WorkerHarness.queue(4, 1 << 20, 1 << 20));
        Lane lane = harness.lane(ID);
        Lane other = harness.lane(OTHER);
        for (long sequence = 1; sequence <= 3; sequence++) {
            lane.offer(Writes.event(ID, 0, sequence), harness.completion);
            other.offer(Writes.event(OTHER, 0, sequence), harness.completion);
        }
        StoreWrite last = new StoreWrite.DeleteSession(ID);
        lane.close(last, harness.completion);
        harness.loop.runAll();
        assertThat(harness.refused).hasSize(3);
        assertThat(lane.settled()).isFalse();
        lane.offer(Writes.event(ID, 0, 4), harness.completion);
        harness.loop.runAll();
        assertThat(harness.refused).hasSize(4);
        lane.close(new StoreWrite.DeleteSession(ID), harness.completion);
        harness.turnUntilNothingWaits();
        assertThat(lane.settled()).isTrue();
        assertThat(harness.sequences(ID, 0)).isEmpty();
        assertThat(harness.sequences(OTHER, 0)).containsExactly(1L, 2L, 3L);
        assertThat(harness.refused).hasSize(5);
        assertThat(harness.refused.values()).containsOnly("the session was deleted");
        assertThat(harness.counts.dropped).containsExactly(entry(Dropped.SESSION_DELETED, 5));
        assertThat(harness.stored).contains(last);
        assertThat(harness.store.session(ID)).isEmpty();
        assertThat(harness.store.session(OTHER)).isPresent();
        assertThat(harness.worker.queueBytes()).isZero();
        assertThat(lane.blocked()).isFalse();
    }

    @Test
    void aDeletionComesAfterTheBatchThatIsUnderWay() throws InterruptedException {
        WorkerHarness harness = new WorkerHarness();
        Lane lane = harness.lane(ID);
        lane.offer(Writes.event(ID, 0, 1), harness.completion);
        harness.store.beBusyFor(1);
        harness.whilePausing = () -> {
            lane.offer(Writes.event(ID, 0, 2), harness.completion);
            lane.close(new StoreWrite.DeleteSession(ID), harness.completion);
        };
        harness.turn();
        harness.turn();
        assertThat(harness.sequences(ID, 0)).containsExactly(1L);
        assertThat(harness.store.session(ID)).isEmpty();
        assertThat(harness.store.append(List.of())).isInstanceOf(AppendOutcome.Stored.class);
    }
}
