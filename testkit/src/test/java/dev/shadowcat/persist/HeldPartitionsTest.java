package dev.shadowcat.persist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.observe.Dropped;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.Partition;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import dev.shadowcat.store.StreamRecord.Phase;
import dev.shadowcat.testkit.ForwardingStore;
import dev.shadowcat.testkit.Writes;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** While a part of the store fails, what is written to it waits, in order and within bounds, and everyone else goes on. */
@Tag("persistence-worker")
class HeldPartitionsTest {
    private static final SessionId ID = new SessionId(1, 1);
    private static final SessionId OTHER = new SessionId(2, 2);
    private static final Partition PART = new Partition.OneSession(ID);

    private final WorkerHarness harness = new WorkerHarness();

    private static Partition shard(String name, int of, int number) {
        return new Partition.Shard(name, id -> id.low() % of == number);
    }

    private static List<Long> upTo(long last) {
        return LongStream.rangeClosed(1, last).boxed().toList();
    }

    private void turnUntilNothingWaits(WorkerHarness turned) throws InterruptedException {
        for (int i = 0; i < 10_000 && turned.worker.queueDepth() > 0; i++) {
            turned.clock.advance(Duration.ofMillis(100));
            turned.turn();
        }
        assertThat(turned.worker.queueDepth()).isZero();
    }

    @Test
    void theOthersOfTheBatchAreStoredAtOnce() throws InterruptedException {
        Lane lane = harness.lane(ID);
        Lane other = harness.lane(OTHER);
        harness.store.fail(PART);
        for (long sequence = 1; sequence <= 3; sequence++) {
            lane.offer(Writes.event(ID, 0, sequence), harness.completion);
            other.offer(Writes.event(OTHER, 0, sequence), harness.completion);
        }
        harness.turn();
        assertThat(harness.pauses).isEmpty();
        assertThat(harness.sequences(OTHER, 0)).containsExactly(1L, 2L, 3L);
        assertThat(harness.stored).hasSize(3);
        assertThat(harness.appends).isEqualTo(2);
        assertThat(harness.worker.queueDepth()).isEqualTo(3);
        assertThat(harness.worker.retryQueueDepth()).isEqualTo(3);
        assertThat(harness.worker.failingPartitions()).isOne();
        assertThat(harness.worker.fails(ID)).isTrue();
        assertThat(harness.worker.fails(OTHER)).isFalse();
        assertThat(harness.worker.failure()).as("the store works for most").isNull();
    }

    @Test
    void laterWritesQueueBehindWithoutATryOfTheirOwn() throws InterruptedException {
        Lane lane = harness.lane(ID);
        harness.store.fail(PART);
        lane.offer(Writes.event(ID, 0, 1), harness.completion);
        harness.turn();
        int tries = harness.appends;
        for (long sequence = 2; sequence <= 5; sequence++) {
            lane.offer(Writes.event(ID, 0, sequence), harness.completion);
            harness.turn();
        }
        assertThat(harness.appends).isEqualTo(tries);
        harness.store.heal(PART);
        harness.clock.advance(Duration.ofSeconds(5));
        harness.turn();
        assertThat(harness.batches).extracting(List::size).as("one batch").containsExactly(5);
        assertThat(harness.sequences(ID, 0)).isEqualTo(upTo(5));
        assertThat(harness.stored).hasSize(5);
        assertThat(harness.worker.queueDepth()).isZero();
        assertThat(harness.worker.failingPartitions()).isZero();
    }

    @Test
    void othersOfThePartWaitWithoutATryOfTheirOwnToo() throws InterruptedException {
        Lane lane = harness.lane(ID);
        Lane other = harness.lane(OTHER);
        harness.store.fail(shard("all", 1, 0));
        lane.offer(Writes.event(ID, 0, 1), harness.completion);
        harness.turn();
        int tries = harness.appends;
        other.offer(Writes.event(OTHER, 0, 1), harness.completion);
        harness.turn();
        assertThat(harness.appends).isEqualTo(tries);
        assertThat(harness.worker.retryQueueDepth()).isEqualTo(2);
    }

    @Test
    void itsTriesAreCountedAsThoseOfTheWholeStoreAre() throws InterruptedException {
        Lane lane = harness.lane(ID);
        harness.store.fail(PART);
        lane.offer(Writes.event(ID, 0, 1), harness.completion);
        harness.turn();
        assertThat(harness.counts.failures).isOne();
        assertThat(harness.counts.retries).as("without it").isOne();
        harness.clock.advance(Duration.ofSeconds(5));
        harness.turn();
        assertThat(harness.counts.failures).isEqualTo(2);
        assertThat(harness.counts.retries).isEqualTo(2);
    }

    @Test
    void whereOnlyAPartFailsNowTheStoreWorks() throws InterruptedException {
        Lane lane = harness.lane(ID);
        harness.store.beBusyFor(1);
        harness.store.fail(PART);
        lane.offer(Writes.event(ID, 0, 1), harness.completion);
        harness.turn();
        assertThat(harness.pauses).hasSize(1);
        assertThat(harness.worker.failingPartitions()).isOne();
        assertThat(harness.worker.failure()).isNull();
    }

    @Test
    void anActivityThatWasTakenIsKeptThoughItsPartIsFullAndThenNoNewOneIsTaken() throws InterruptedException {
        WorkerHarness small = new WorkerHarness(WorkerHarness.queue(10, 1 << 20, 1 << 20));
        small.store.fail(shard("all", 1, 0));
        assertThat(touched(small, 1, 8)).isEqualTo(8);
        assertThat(touched(small, 9, 14)).as("beside the 8 that wait already").isEqualTo(6);
        assertThat(small.worker.deferredDepth()).isEqualTo(14);
        assertThat(small.worker.pendingActivity(new SessionId(14, 14))).isNotNull();
        assertThat(touched(small, 15, 16)).isZero();
        assertThat(touched(small, 14, 14))
                .as("one that waits gives way to a newer")
                .isOne();
        assertThat(small.worker.deferredDepth()).isEqualTo(14);
        assertThat(small.counts.skipped).isEqualTo(2);
        small.store.heal();
        small.clock.advance(Duration.ofSeconds(5));
        small.turn();
        assertThat(small.worker.deferredDepth()).isZero();
        assertThat(touched(small, 15, 16)).isEqualTo(2);
    }

    /** Offers an activity of each of these sessions, and has the worker write; returns how many were taken. */
    private static long touched(WorkerHarness turned, long first, long last) throws InterruptedException {
        long taken = LongStream.rangeClosed(first, last)
                .filter(session -> turned.worker.touch(new SessionId(session, session), new SessionActivity(1, 0)))
                .count();
        turned.clock.advance(Duration.ofMillis(100));
        turned.turn();
        return taken;
    }

    @Test
    void aTryIsDueAfterAJitteredPauseThatGrowsToItsCap() throws InterruptedException {
        Lane lane = harness.lane(ID);
        harness.store.fail(PART);
        lane.offer(Writes.event(ID, 0, 1), harness.completion);
        harness.turn();
        List<Long> waits = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            int tries = harness.appends;
            long waited = 0;
            while (harness.appends == tries) {
                harness.clock.advance(Duration.ofMillis(1));
                waited++;
                harness.turn();
            }
            waits.add(waited);
        }
        assertThat(waits.getFirst()).isLessThanOrEqualTo(100);
        assertThat(waits).allMatch(millis -> millis >= 10 && millis <= 5_000, "the store asks for 10 ms at least");
        assertThat(waits).anyMatch(millis -> millis > 2_500);
    }

    @Test
    void writesAfterARecoveryGoTheirUsualWay() throws InterruptedException {
        Lane lane = harness.lane(ID);
        harness.store.fail(PART);
        lane.offer(Writes.event(ID, 0, 1), harness.completion);
        harness.turn();
        harness.store.heal();
        turnUntilNothingWaits(harness);
        lane.offer(Writes.event(ID, 0, 2), harness.completion);
        harness.turn();
        assertThat(harness.stored).hasSize(2);
    }

    @Test
    void whatWaitsTakesHalfTheQueueAndTheRestStaysInItsLanes() throws InterruptedException {
        WorkerHarness small = new WorkerHarness(WorkerHarness.queue(20, 1 << 20, 1 << 20));
        Lane lane = small.lane(ID);
        Lane other = small.lane(OTHER);
        small.store.fail(PART);
        for (long sequence = 1; sequence <= 50; sequence++) {
            lane.offer(Writes.event(ID, 0, sequence), small.completion);
        }
        small.turn();
        small.turn();
        assertThat(small.worker.queueDepth()).isEqualTo(10);
        assertThat(lane.blocked()).isTrue();
        int tries = small.appends;
        small.turn();
        small.turn();
        assertThat(small.appends).as("nothing is tried in vain").isEqualTo(tries);
        int room = 0;
        while (other.offer(Writes.event(OTHER, 0, room + 1L), small.completion)) {
            room++;
        }
        assertThat(room).as("an eighth at least, while another waits").isGreaterThanOrEqualTo(2);
        assertThat(small.worker.queueDepth()).isLessThanOrEqualTo(20);
        small.turn();
        assertThat(small.sequences(OTHER, 0)).as("goes on").hasSizeGreaterThanOrEqualTo(room);
        small.store.heal();
        turnUntilNothingWaits(small);
        assertThat(small.sequences(ID, 0)).isEqualTo(upTo(50));
        assertThat(lane.blocked()).isFalse();
        assertThat(other.blocked()).isFalse();
        assertThat(small.worker.queueBytes()).isZero();
    }

    @Test
    void itsBytesLeaveHalfOfTheBoundToOthers() throws InterruptedException {
        WorkerHarness small = new WorkerHarness(WorkerHarness.queue(1_000, 20_000, 2_000));
        Lane lane = small.lane(ID);
        Lane other = small.lane(OTHER);
        small.store.fail(PART);
        for (long sequence = 1; sequence <= 400; sequence++) { // one huge read: several times the bound
            lane.offer(Writes.event(ID, 0, sequence), small.completion);
        }
        for (int i = 0; i < 100; i++) {
            small.turn();
        }
        assertThat(other.offer(Writes.event(OTHER, 0, 1), small.completion)).isTrue();
        small.turn();
        assertThat(small.sequences(OTHER, 0)).containsExactly(1L);
        small.store.heal();
        turnUntilNothingWaits(small);
        assertThat(small.sequences(ID, 0)).isEqualTo(upTo(400));
        assertThat(small.worker.queueBytes()).isZero();
    }

    @Test
    void manyPartsFailEachByItself() throws InterruptedException {
        WorkerHarness small = new WorkerHarness(WorkerHarness.queue(16, 1 << 20, 1 << 20));
        List<SessionId> ids =
                LongStream.rangeClosed(1, 20).mapToObj(n -> new SessionId(n, n)).toList();
        List<Lane> lanes = ids.stream().map(small::lane).toList();
        ids.forEach(id -> small.store.fail(new Partition.OneSession(id)));
        for (int i = 0; i < ids.size(); i++) {
            for (long sequence = 1; sequence <= 5; sequence++) {
                lanes.get(i).offer(Writes.event(ids.get(i), 0, sequence), small.completion);
            }
        }
        for (int i = 0; i < 200; i++) {
            small.turn();
        }
        ids.subList(10, 20).forEach(id -> small.store.heal(new Partition.OneSession(id)));
        for (int i = 0; i < 500; i++) {
            small.clock.advance(Duration.ofMillis(100));
            small.turn();
        }
        ids.subList(10, 20).forEach(id -> assertThat(small.sequences(id, 0)).isEqualTo(upTo(5)));
        small.store.heal();
        turnUntilNothingWaits(small);
        ids.forEach(id -> assertThat(small.sequences(id, 0)).isEqualTo(upTo(5)));
        assertThat(small.worker.failingPartitions()).isZero();
    }

    @Test
    void whatFailsWithinAPartThatRecoveredWaitsAlone() throws InterruptedException {
        SessionId third = new SessionId(3, 3);
        Lane[] lanes = {harness.lane(ID), harness.lane(OTHER), harness.lane(third)};
        Partition odd = shard("odd", 2, 1);
        harness.store.fail(odd);
        for (long sequence = 1; sequence <= 3; sequence++) {
            lanes[0].offer(Writes.event(ID, 0, sequence), harness.completion);
            lanes[2].offer(Writes.event(third, 0, sequence), harness.completion);
        }
        harness.turn();
        assertThat(harness.stored).isEmpty();
        harness.store.fail(PART);
        harness.store.heal(odd);
        harness.clock.advance(Duration.ofSeconds(1));
        harness.turn();
        harness.turn();
        assertThat(harness.sequences(third, 0)).isEqualTo(upTo(3));
        assertThat(harness.sequences(ID, 0)).isEmpty();
        lanes[0].offer(Writes.event(ID, 0, 4), harness.completion);
        harness.turn();
        harness.store.heal();
        turnUntilNothingWaits(harness);
        assertThat(harness.sequences(ID, 0)).isEqualTo(upTo(4));
    }

    @Test
    void aPartThatIsNotInTheBatchMeansTheWholeStore() throws InterruptedException {
        Lane lane = harness.lane(ID);
        PersistenceWorker worker = harness.worker(
                new ForwardingStore(harness.store) {
                    private int tries;

                    @Override
                    public AppendOutcome append(List<StoreWrite> batch) {
                        return tries++ < 2
                                ? new AppendOutcome.Busy(Duration.ZERO, "elsewhere", new Partition.OneSession(OTHER))
                                : super.append(batch);
                    }
                },
                PersistenceSettings.DEFAULTS);
        assertThat(lane.settled()).isTrue();
        worker.lane(harness.loop, WorkerHarness.IGNORE).offer(Writes.event(ID, 0, 1), harness.completion);
        worker.writeOne();
        harness.loop.runAll();
        assertThat(harness.pauses).hasSize(2);
        assertThat(harness.stored).hasSize(1);
    }

    @Test
    void activityOfAFailingPartIsCoalescedAndKeptFromTheOthers() throws InterruptedException {
        harness.lane(ID);
        harness.lane(OTHER);
        harness.store.fail(PART);
        for (long millis = 1; millis <= 3; millis++) {
            harness.worker.touch(ID, new SessionActivity(millis, 0));
            harness.worker.touch(OTHER, new SessionActivity(millis, 0));
            harness.clock.advance(Duration.ofMillis(100));
            harness.turn();
        }
        assertThat(harness.store.session(OTHER).orElseThrow().activity().lastActiveMillis())
                .isEqualTo(3);
        assertThat(harness.worker.deferredDepth()).isOne();
        assertThat(harness.worker.retryQueueDepth()).isOne();
        harness.store.heal();
        harness.clock.advance(Duration.ofSeconds(5));
        harness.turn();
        assertThat(harness.store.session(ID).orElseThrow().activity().lastActiveMillis())
                .isEqualTo(3);
        assertThat(harness.worker.deferredDepth()).isZero();
        assertThat(harness.worker.failingPartitions()).isZero();
    }

    @Test
    void aSessionThatEndsMeanwhileDiscardsWhatWaits() throws InterruptedException {
        Lane lane = harness.lane(ID);
        harness.store.fail(PART);
        for (long sequence = 1; sequence <= 3; sequence++) {
            lane.offer(Writes.event(ID, 0, sequence), harness.completion);
        }
        harness.turn();
        lane.close(new StoreWrite.DeleteSession(ID), harness.completion);
        harness.turn();
        assertThat(harness.refused).hasSize(3);
        assertThat(harness.counts.dropped).containsExactly(entry(Dropped.SESSION_DELETED, 3));
        harness.store.heal();
        turnUntilNothingWaits(harness);
        assertThat(harness.store.session(ID)).isEmpty();
        assertThat(harness.sequences(ID, 0)).isEmpty();
        assertThat(lane.settled()).isTrue();
        assertThat(harness.worker.queueBytes()).isZero();
    }

    @Test
    void aPoisonInAFailingPartIsFoundThereToo() throws InterruptedException {
        Lane lane = harness.lane(ID);
        harness.store.fail(PART);
        for (long sequence = 1; sequence <= 8; sequence++) {
            lane.offer(Writes.event(ID, 0, sequence), harness.completion);
        }
        harness.turn();
        harness.store.heal();
        harness.store.refuse(
                write -> write instanceof AppendEvent event && event.event().sequence() == 5);
        turnUntilNothingWaits(harness);
        assertThat(harness.deadLetters).hasSize(1);
        assertThat(harness.sequences(ID, 0)).containsExactly(1L, 2L, 3L, 4L, 6L, 7L, 8L);
    }

    @Test
    void everyStreamKeepsItsOrderWhateverFailsAndHeals() throws InterruptedException {
        for (long seed = 0; seed < Long.getLong("simulation.seeds", 200); seed++) {
            Random random = new Random(seed);
            WorkerHarness failing = new WorkerHarness(WorkerHarness.queue(
                    4 + random.nextInt(40), 4_000 + random.nextInt(20_000), 1_000 + random.nextInt(3_000)));
            int sessions = 6;
            List<SessionId> ids = LongStream.range(0, sessions)
                    .mapToObj(n -> new SessionId(n, n))
                    .toList();
            List<Lane> lanes = ids.stream().map(failing::lane).toList();
            List<Partition> parts = new ArrayList<>(List.of(shard("a", 3, 0), shard("b", 3, 1)));
            ids.forEach(id -> parts.add(new Partition.OneSession(id)));
            failing.store.failAtRandom(seed, random.nextInt(3) * 0.15);
            long[] given = new long[sessions];
            for (int i = 0; i < 600; i++) {
                int session = random.nextInt(sessions);
                lanes.get(session).offer(Writes.event(ids.get(session), 0, ++given[session]), failing.completion);
                switch (random.nextInt(20)) {
                    case 0 -> failing.store.fail(parts.get(random.nextInt(parts.size())));
                    case 1, 2 -> failing.store.heal(parts.get(random.nextInt(parts.size())));
                    case 3, 4, 5, 6 -> {
                        failing.clock.advance(Duration.ofMillis(random.nextInt(200)));
                        failing.turn();
                    }
                    default -> {}
                }
            }
            failing.store.heal();
            turnUntilNothingWaits(failing);
            failing.turn();
            for (int session = 0; session < sessions; session++) {
                assertThat(failing.sequences(ids.get(session), 0).stream()
                                .distinct()
                                .toList())
                        .as("seed %d", seed)
                        .isEqualTo(upTo(given[session]));
                assertThat(failing.sequences(ids.get(session), 0))
                        .as("seed %d", seed)
                        .isSorted();
                assertThat(lanes.get(session).settled()).as("seed %d", seed).isTrue();
                assertThat(lanes.get(session).blocked()).as("seed %d", seed).isFalse();
            }
            assertThat(failing.stored).as("seed %d", seed).hasSize(600);
            assertThat(failing.worker.queueBytes()).as("seed %d", seed).isZero();
            assertThat(failing.worker.failingPartitions()).as("seed %d", seed).isZero();
        }
    }

    @Test
    void theEndOfAStreamWhoseAnswerIsRefusedDoesNotWaitOnWithWhatFailsAgain() throws InterruptedException {
        harness.lane(ID);
        AppendEvent answer = Writes.answer(ID, 1, 1);
        StoreWrite end = Writes.stream(ID, 1, Phase.FINISHED);
        AppendOutcome fails = new AppendOutcome.Busy(Duration.ZERO, "fails in part", PART);
        Deque<AppendOutcome> outcomes =
                new ArrayDeque<>(List.of(fails, new AppendOutcome.Refused("told to", List.of(answer)), fails));
        PersistenceWorker worker = harness.worker(
                new ForwardingStore(harness.store) {
                    @Override
                    public AppendOutcome append(List<StoreWrite> batch) {
                        AppendOutcome told = outcomes.pollFirst();
                        return told == null ? super.append(batch) : told;
                    }
                },
                PersistenceSettings.DEFAULTS);
        Lane lane = worker.lane(harness.loop, WorkerHarness.IGNORE);
        lane.offer(answer, harness.completion);
        lane.offer(end, harness.completion);
        lane.offer(Writes.event(ID, 0, 1), harness.completion);
        for (int i = 0; i < 3; i++) {
            worker.writeOne();
            harness.clock.advance(Duration.ofSeconds(5));
        }
        harness.loop.runAll();
        assertThat(outcomes).isEmpty();
        assertThat(harness.refused).containsOnlyKeys(answer, end);
        assertThat(harness.stored).hasSize(1);
        assertThat(harness.store.stream(ID, 1).orElseThrow().record().phase())
                .as("the error in the answer's place comes first")
                .isEqualTo(Phase.OPEN);
    }
}
