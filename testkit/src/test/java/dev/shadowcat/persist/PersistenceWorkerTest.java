package dev.shadowcat.persist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.event.SpanIdentity;
import dev.shadowcat.observe.Dropped;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import dev.shadowcat.store.StreamRecord.Phase;
import dev.shadowcat.testkit.ForwardingStore;
import dev.shadowcat.testkit.Writes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The worker lets go of a write only when its fate is known, and keeps the order of every stream meanwhile. */
@Tag("persistence-worker")
class PersistenceWorkerTest {
    private static final SessionId ID = new SessionId(1, 1);
    private static final SessionId OTHER = new SessionId(2, 2);

    private final WorkerHarness harness = new WorkerHarness();

    @Test
    void whatGatheredMeanwhileIsOneBatch() throws InterruptedException {
        Lane lane = harness.lane(ID);
        lane.offer(Writes.event(ID, 0, 1), harness.completion);
        harness.turn();
        for (long sequence = 2; sequence <= 100; sequence++) {
            lane.offer(Writes.event(ID, 0, sequence), harness.completion);
        }
        harness.turn();
        assertThat(harness.batches).extracting(List::size).containsExactly(1, 99);
        assertThat(harness.stored).hasSize(100);
        assertThat(harness.counts.events).isEqualTo(100);
    }

    @Test
    void aFlushNamesTheRequestsWhoseEventsItHoldsAndFailedOnesToo() throws InterruptedException {
        SpanIdentity first = new SpanIdentity(1, 2, 3);
        SpanIdentity second = new SpanIdentity(1, 2, 4);
        Lane lane = harness.lane(ID);
        lane.offer(Writes.event(ID, 0, 1), WorkerHarness.of(first));
        lane.offer(Writes.event(ID, 1, 1), WorkerHarness.of(second));
        lane.offer(Writes.event(ID, 0, 2), WorkerHarness.of(first));
        lane.offer(Writes.event(ID, 2, 1), harness.completion);
        lane.offer(Writes.stream(ID, 1), WorkerHarness.of(new SpanIdentity(9, 9, 9))); // no event
        harness.store.beBusyFor(1);
        harness.turn();
        assertThat(harness.counts.flushes)
                .containsExactly(
                        new WorkerHarness.Flush(List.of(first, second), 5, "told to be busy"),
                        new WorkerHarness.Flush(List.of(first, second), 5, null));
    }

    @Test
    void aFlushNamesABoundedNumberOfRequests() throws InterruptedException {
        Lane lane = harness.lane(ID);
        for (int i = 1; i <= 100; i++) {
            lane.offer(Writes.event(ID, 0, i), WorkerHarness.of(new SpanIdentity(1, 1, i)));
        }
        harness.turn();
        lane.offer(Writes.event(ID, 0, 101), harness.completion); // of nobody that is followed
        harness.turn();
        assertThat(harness.counts.flushes)
                .singleElement()
                .extracting(flush -> flush.requests().size())
                .isEqualTo(Observer.MAX_FLUSHED_REQUESTS);
    }

    @Test
    void anEventIsTimedFromItsOfferOn() throws InterruptedException {
        harness.lane(ID).offer(Writes.event(ID, 0, 1), harness.completion);
        harness.clock.advance(Duration.ofMillis(40));
        harness.turn();
        assertThat(harness.counts.eventLatencies).containsExactly(Duration.ofMillis(40));
    }

    @Test
    void aLaneIsSettledOnceTheFateOfAllItsWritesIsTold() throws InterruptedException {
        List<String> told = new ArrayList<>();
        harness.lane(ID);
        Lane lane = harness.worker.lane(harness.loop, new Lane.Listener() {
            @Override
            public void roomAgain() {}

            @Override
            public void settled() {
                told.add("settled");
            }
        });
        assertThat(lane.settled()).as("nothing was offered").isTrue();
        StoreWrite event = Writes.event(ID, 0, 1);
        lane.offer(event, harness.completion);
        assertThat(harness.worker.queueBytes()).isEqualTo(event.bytes());
        harness.worker.writeOne();
        lane.offer(Writes.event(ID, 0, 2), harness.completion);
        harness.loop.runAll();
        assertThat(lane.settled()).isFalse();
        assertThat(told).isEmpty();
        harness.turn();
        assertThat(lane.settled()).isTrue();
        assertThat(told).hasSize(1);
    }

    @Test
    void aBatchIsOneTaskForEachLoop() throws InterruptedException {
        Lane lane = harness.lane(ID);
        Lane other = harness.lane(OTHER);
        for (long sequence = 1; sequence <= 5; sequence++) {
            lane.offer(Writes.event(ID, 0, sequence), harness.completion);
            other.offer(Writes.event(OTHER, 0, sequence), harness.completion);
        }
        harness.turn();
        assertThat(harness.stored).hasSize(10);
        assertThat(harness.loop.executed).isOne();
    }

    @Test
    void nobodyHearsOfAWriteBeforeABusyStoreTookIt() throws InterruptedException {
        Lane lane = harness.lane(ID);
        lane.offer(Writes.event(ID, 0, 1), harness.completion);
        lane.offer(Writes.event(ID, 0, 2), harness.completion);
        harness.store.beBusyFor(3);
        harness.whilePausing = () -> {
            harness.loop.runAll();
            assertThat(harness.stored).isEmpty();
            assertThat(harness.worker.failure()).isEqualTo("told to be busy");
        };
        harness.turn();
        assertThat(harness.pauses).hasSize(3);
        assertThat(harness.counts.failures).isEqualTo(3);
        assertThat(harness.sequences(ID, 0)).containsExactly(1L, 2L);
        assertThat(harness.stored).hasSize(2);
        assertThat(harness.worker.failure()).isNull();
    }

    @Test
    void whatTheStoreFailedToTakeIsCountedUntilItDoes() throws InterruptedException {
        Lane lane = harness.lane(ID);
        lane.offer(Writes.event(ID, 0, 1), harness.completion);
        lane.offer(Writes.event(ID, 0, 2), harness.completion);
        harness.store.beBusyFor(2);
        List<Integer> failed = new ArrayList<>();
        harness.whilePausing = () -> {
            failed.add(harness.worker.retryQueueDepth());
            lane.offer(Writes.event(ID, 0, 2L + failed.size()), harness.completion);
        };
        assertThat(harness.worker.retryQueueDepth()).isZero();
        harness.turn();
        assertThat(failed).as("what came meanwhile is sent with it").containsExactly(2, 3);
        assertThat(harness.worker.retryQueueDepth()).isZero();
    }

    @Test
    void anExceptionLeavesTheBatchWaiting() throws InterruptedException {
        Lane lane = harness.lane(ID);
        lane.offer(Writes.event(ID, 0, 1), harness.completion);
        harness.store.throwFor(2);
        harness.turn();
        assertThat(harness.counts.failures).isEqualTo(2);
        assertThat(harness.sequences(ID, 0)).containsExactly(1L);
        assertThat(harness.stored).hasSize(1);
    }

    @Test
    void aBatchWhoseFateIsUnknownIsSentAgainWhole() throws InterruptedException {
        Lane lane = harness.lane(ID);
        lane.offer(Writes.event(ID, 0, 1), harness.completion);
        lane.offer(Writes.event(ID, 0, 2), harness.completion);
        harness.store.loseOutcomeFor(1);
        harness.turn();
        assertThat(harness.stored).hasSize(2);
        assertThat(harness.store.read(ID, 0, 0, 10, 10_000)).hasSize(2);
    }

    @Test
    void everyStreamKeepsItsOrderThroughRandomFailures() throws InterruptedException {
        for (long seed = 0; seed < Long.getLong("simulation.seeds", 50); seed++) {
            WorkerHarness failing = new WorkerHarness(WorkerHarness.queue(20, 1 << 20, 4_000));
            Lane[] lanes = {failing.lane(ID), failing.lane(OTHER)};
            failing.store.failAtRandom(seed, 0.5);
            Random random = new Random(seed);
            long[][] given = new long[2][3];
            for (int i = 0; i < 200; i++) {
                int session = random.nextInt(2);
                int stream = random.nextInt(3);
                SessionId id = session == 0 ? ID : OTHER;
                lanes[session].offer(Writes.event(id, stream, ++given[session][stream]), failing.completion);
                if (random.nextInt(10) == 0) {
                    failing.turn();
                }
            }
            failing.turnUntilNothingWaits();
            assertThat(failing.stored).as("seed %d", seed).hasSize(200);
            for (int stream = 0; stream < 3; stream++) {
                assertThat(failing.sequences(ID, stream))
                        .as("seed %d", seed)
                        .containsExactlyElementsOf(LongStream.rangeClosed(1, given[0][stream])
                                .boxed()
                                .toList());
            }
        }
    }

    @Test
    void thePauseIsAtLeastWhatTheStoreAsksFor() throws InterruptedException {
        Lane lane = harness.lane(ID);
        lane.offer(Writes.event(ID, 0, 1), harness.completion);
        harness.store.beBusyFor(200);
        harness.turn();
        assertThat(harness.pauses).hasSize(200).allMatch(millis -> millis >= 10 && millis <= 5_000);
        assertThat(harness.pauses.getFirst()).isLessThanOrEqualTo(100);
        assertThat(harness.pauses).anyMatch(millis -> millis > 2_500);
    }

    @Test
    void thePausesBeginAnewAfterTheStoreRecovered() throws InterruptedException {
        Lane lane = harness.lane(ID);
        for (long sequence = 1; sequence <= 50; sequence++) {
            lane.offer(Writes.event(ID, 0, sequence), harness.completion);
            harness.store.beBusyFor(1);
            harness.turn();
        }
        assertThat(harness.pauses).hasSize(50).allMatch(millis -> millis >= 10 && millis <= 100);
    }

    @Test
    void aPoisonedBatchIsHalvedUntilOnlyThePoisonIsLeftOut() throws InterruptedException {
        Lane lane = harness.lane(ID);
        harness.store.refuse(
                write -> write instanceof AppendEvent event && event.event().sequence() % 10 == 7);
        for (long sequence = 1; sequence <= 30; sequence++) {
            lane.offer(Writes.event(ID, 0, sequence), harness.completion);
        }
        harness.turn();
        assertThat(harness.sequences(ID, 0))
                .hasSize(27)
                .isSorted()
                .doesNotContain(7L, 17L, 27L)
                .doesNotHaveDuplicates();
        assertThat(harness.deadLetters)
                .extracting(write -> ((AppendEvent) write).event().sequence())
                .containsExactly(7L, 17L, 27L);
        assertThat(harness.refused.keySet()).containsExactlyElementsOf(harness.deadLetters);
        assertThat(harness.refused.values()).containsOnly("told to refuse AppendEvent");
        assertThat(harness.stored).hasSize(27);
        assertThat(harness.counts.dropped).containsExactly(entry(Dropped.REFUSED, 3));
        assertThat(harness.counts.events).as("events stored").isEqualTo(27);
        assertThat(harness.counts.eventLatencies).hasSize(27);
    }

    @Test
    void whatWasRefusedOnceIsStoredWhereItIsOfferedAgainAndTaken() throws InterruptedException {
        Lane lane = harness.lane(ID);
        StoreWrite event = Writes.event(ID, 0, 1);
        harness.store.refuse(event::equals);
        lane.offer(event, harness.completion);
        harness.turn();
        harness.store.heal();
        lane.offer(event, harness.completion);
        harness.turn();
        assertThat(harness.refused).containsOnlyKeys(event);
        assertThat(harness.stored).containsExactly(event);
    }

    @Test
    void aStoreThatRefusesWorks() throws InterruptedException {
        Lane lane = harness.lane(ID);
        harness.store.beBusyFor(1);
        harness.store.refuse(write -> true);
        lane.offer(Writes.event(ID, 0, 1), harness.completion);
        harness.turn();
        assertThat(harness.pauses).hasSize(1);
        assertThat(harness.worker.failure()).isNull();
    }

    @Test
    void theEndOfAStreamThatIsDeletedHasNoAnswerToWaitFor() throws InterruptedException {
        Lane lane = harness.lane(ID);
        Lane other = harness.lane(OTHER);
        harness.store.refuseByName(
                write -> write instanceof AppendEvent append && append.event().answer());
        lane.offer(Writes.answer(ID, 1, 1), harness.completion);
        other.offer(Writes.answer(OTHER, 1, 1), harness.completion);
        harness.turn();
        lane.close(new StoreWrite.DeleteSession(ID), harness.completion);
        harness.turn();
        StoreWrite end = Writes.stream(ID, 1, Phase.FINISHED);
        StoreWrite othersEnd = Writes.stream(OTHER, 1, Phase.FINISHED);
        harness.lane(ID).offer(end, harness.completion);
        other.offer(othersEnd, harness.completion);
        harness.turn();
        assertThat(harness.stored).contains(end).doesNotContain(othersEnd);
        assertThat(harness.refused).containsEntry(othersEnd, "an answer of the stream was refused");
    }

    @Test
    void poisonThatTheStoreNamesCostsOneTryMore() throws InterruptedException {
        Lane lane = harness.lane(ID);
        harness.store.refuseByName(
                write -> write instanceof AppendEvent event && event.event().sequence() % 10 == 7);
        for (long sequence = 1; sequence <= 100; sequence++) {
            lane.offer(Writes.event(ID, 0, sequence), harness.completion);
        }
        harness.turn();
        assertThat(harness.appends).isEqualTo(2);
        assertThat(harness.deadLetters).hasSize(10);
        assertThat(harness.sequences(ID, 0)).hasSize(90).isSorted().doesNotHaveDuplicates();
        assertThat(harness.refused.keySet()).containsExactlyElementsOf(harness.deadLetters);
    }

    @Test
    void aNameThatIsNotInTheBatchDoesNotKeepTheWorker() throws InterruptedException {
        Lane lane = harness.lane(ID);
        StoreWrite elsewhere = Writes.event(OTHER, 0, 1);
        PersistenceWorker worker = harness.worker(
                new ForwardingStore(harness.store) {
                    @Override
                    public AppendOutcome append(List<StoreWrite> batch) {
                        return batch.size() > 1
                                ? new AppendOutcome.Refused("wrong name", List.of(elsewhere))
                                : super.append(batch);
                    }
                },
                PersistenceSettings.DEFAULTS);
        assertThat(lane.settled()).isTrue();
        Lane own = worker.lane(harness.loop, WorkerHarness.IGNORE);
        for (long sequence = 1; sequence <= 4; sequence++) {
            own.offer(Writes.event(ID, 0, sequence), harness.completion);
        }
        worker.writeOne();
        assertThat(harness.deadLetters).isEmpty();
        assertThat(harness.store.read(ID, 0, 0, 10, 10_000)).hasSize(4);
    }

    @Test
    void whatGatheredWhileTheStoreFailedIsSentWithTheRepeatedBatch() throws InterruptedException {
        WorkerHarness bounded = new WorkerHarness(WorkerHarness.queue(50, 1 << 20, 4_000));
        Lane lane = bounded.lane(ID);
        long[] given = {0};
        bounded.whilePausing = () -> {
            for (int i = 0; i < 5; i++) {
                lane.offer(Writes.event(ID, 0, ++given[0]), bounded.completion);
            }
        };
        lane.offer(Writes.event(ID, 0, ++given[0]), bounded.completion);
        bounded.store.beBusyFor(3);
        bounded.turn();
        assertThat(bounded.batches).extracting(List::size).containsExactly(16);
        bounded.store.loseOutcomeFor(20);
        lane.offer(Writes.event(ID, 0, ++given[0]), bounded.completion);
        bounded.turn();
        bounded.turnUntilNothingWaits();
        assertThat(bounded.batches)
                .as("a batch keeps its bound")
                .allMatch(batch -> batch.stream().mapToInt(StoreWrite::bytes).sum() <= 4_000);
        assertThat(bounded.stored)
                .extracting(write -> ((AppendEvent) write).event().sequence())
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, given[0]).boxed().toList());
        assertThat(bounded.store.read(ID, 0, 0, 1_000, 1 << 20)).hasSize((int) given[0]);
        assertThat(bounded.counts.retries).isEqualTo(bounded.counts.failures);
    }

    @Test
    void poisonIsIsolatedFromAStoreThatFailsAsWell() throws InterruptedException {
        for (long seed = 0; seed < Long.getLong("simulation.seeds", 50); seed++) {
            WorkerHarness failing = new WorkerHarness();
            Lane lane = failing.lane(ID);
            failing.store.refuse(
                    write -> write instanceof AppendEvent event && event.event().sequence() == 5);
            failing.store.failAtRandom(seed, 0.4);
            for (long sequence = 1; sequence <= 8; sequence++) {
                lane.offer(Writes.event(ID, 0, sequence), failing.completion);
            }
            failing.turn();
            assertThat(failing.deadLetters).as("seed %d", seed).hasSize(1);
            assertThat(failing.sequences(ID, 0)).as("seed %d", seed).containsExactly(1L, 2L, 3L, 4L, 6L, 7L, 8L);
        }
    }

    @Test
    void completionsComeInTheOrderOfTheLane() throws InterruptedException {
        Lane lane = harness.lane(ID);
        List<StoreWrite> heard = new ArrayList<>();
        List<StoreWrite> offered = new ArrayList<>();
        harness.store.refuse(
                write -> write instanceof AppendEvent event && event.event().sequence() == 2);
        Completion ordered = new Completion() {
            @Override
            public void stored(StoreWrite write) {
                heard.add(write);
            }

            @Override
            public void refused(StoreWrite write, String reason) {
                heard.add(write);
            }
        };
        for (long sequence = 1; sequence <= 4; sequence++) {
            StoreWrite write = Writes.event(ID, 0, sequence);
            offered.add(write);
            lane.offer(write, ordered);
        }
        harness.turn();
        assertThat(heard).containsExactlyElementsOf(offered);
    }

    @Test
    void aCompletionThatThrowsTakesNothingFromTheOthers() throws InterruptedException {
        Lane lane = harness.lane(ID);
        lane.offer(Writes.event(ID, 0, 1), new Completion() {
            @Override
            public void stored(StoreWrite write) {
                throw new IllegalStateException("told to break");
            }

            @Override
            public void refused(StoreWrite write, String reason) {}
        });
        lane.offer(Writes.event(ID, 0, 2), harness.completion);
        harness.turn();
        assertThat(harness.stored).hasSize(1);
    }

    @Test
    void aLoopThatEndedStopsNobodyElse() throws InterruptedException {
        harness.lane(ID);
        Lane ended = harness.worker.lane(
                task -> {
                    throw new RejectedExecutionException("the loop has ended");
                },
                WorkerHarness.IGNORE);
        Lane lane = harness.lane(OTHER);
        ended.offer(Writes.event(ID, 0, 1), harness.completion);
        lane.offer(Writes.event(OTHER, 0, 1), harness.completion);
        harness.turn();
        assertThat(harness.stored).hasSize(1);
        lane.offer(Writes.event(OTHER, 0, 2), harness.completion);
        harness.turn();
        assertThat(harness.stored).hasSize(2);
    }
}
