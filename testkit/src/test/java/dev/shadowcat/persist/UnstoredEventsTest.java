package dev.shadowcat.persist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.observe.Dropped;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import dev.shadowcat.testkit.Writes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Where the settings say so, events are offered unstored once the store has failed for long, and let go only for room. */
@Tag("persistence-worker")
class UnstoredEventsTest {
    private static final SessionId ID = new SessionId(1, 1);
    private static final SessionId OTHER = new SessionId(2, 2);
    private static final Duration HOLD = Duration.ofSeconds(5);

    private final List<Long> offered = new ArrayList<>();
    private final List<Long> stored = new ArrayList<>();
    private final List<Long> gapsAfter = new ArrayList<>();
    private boolean takes = true;
    private long shown; // to whoever is there now

    private final Completion stream = new Completion() {
        @Override
        public void stored(StoreWrite write) {
            stored.add(sequence(write));
        }

        @Override
        public boolean unstored(StoreWrite write) {
            long sequence = sequence(write);
            if (sequence <= shown) {
                return false;
            }
            offered.add(sequence);
            if (takes) {
                shown = sequence;
            }
            return takes;
        }

        @Override
        public void unstoredGap(AppendEvent gap, long after) {
            if (gap.event().sequence() > shown) {
                gapsAfter.add(after);
                shown = gap.event().sequence();
            }
        }

        @Override
        public void refused(StoreWrite write, String reason) {
            throw new AssertionError(reason);
        }
    };

    private static long sequence(StoreWrite write) {
        return ((AppendEvent) write).event().sequence();
    }

    private static AppendEvent answer(long sequence) {
        byte[] message = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}".getBytes(StandardCharsets.UTF_8);
        return new AppendEvent(ID, 0, new Event(sequence, 0, 1, true, "u" + sequence, message));
    }

    private static WorkerHarness harness(OnStoreFailure mode, int capacity) {
        PersistenceSettings queue = WorkerHarness.queue(capacity, 1 << 20, 1 << 20);
        return new WorkerHarness(
                WorkerHarness.withFailure(queue, new StoreFailureSettings(Duration.ofSeconds(5), mode, HOLD)));
    }

    /** Fails the store until so much time has passed, with something happening all the while. */
    private static void outage(WorkerHarness harness, Duration length, Runnable meanwhile) throws InterruptedException {
        long end = harness.clock.instant().plus(length).toEpochMilli();
        harness.store.beBusyFor(Integer.MAX_VALUE);
        harness.whilePausing = () -> {
            harness.loop.runAll();
            meanwhile.run();
            if (harness.clock.millis() >= end) {
                harness.store.heal();
            }
        };
        harness.turn();
        harness.whilePausing = () -> {};
        while (harness.worker.queueDepth() > 0) {
            harness.turn();
        }
    }

    @Test
    void nothingIsOfferedWhereTheyAreHeld() throws InterruptedException {
        WorkerHarness harness = harness(OnStoreFailure.HOLD, 100);
        harness.lane(ID).offer(Writes.event(ID, 0, 1), stream);
        outage(harness, Duration.ofMinutes(1), () -> {});
        assertThat(offered).isEmpty();
        assertThat(stored).containsExactly(1L);
    }

    @Test
    void nothingIsOfferedBeforeTheStoreHasFailedForTheTime() throws InterruptedException {
        WorkerHarness harness = harness(OnStoreFailure.DELIVER, 100);
        harness.lane(ID).offer(Writes.event(ID, 0, 1), stream);
        outage(harness, HOLD.minusMillis(100), () -> assertThat(offered).isEmpty());
        assertThat(stored).containsExactly(1L);
    }

    @Test
    void whatWaitsAndWhatComesIsOfferedInOrderAndStoredWhenTheStoreIsBack() throws InterruptedException {
        WorkerHarness harness = harness(OnStoreFailure.DELIVER, 1_000);
        Lane lane = harness.lane(ID);
        long[] given = {0};
        lane.offer(Writes.event(ID, 0, ++given[0]), stream);
        outage(harness, HOLD.plusSeconds(10), () -> {
            if (given[0] < 200) {
                lane.offer(Writes.event(ID, 0, ++given[0]), stream);
            }
        });
        assertThat(offered).hasSize(200).isSorted().doesNotHaveDuplicates();
        assertThat(stored).hasSize(200).isSorted();
        assertThat(harness.sequences(ID, 0)).hasSize(200);
        assertThat(harness.counts.unstored).isEqualTo(200);
        assertThat(harness.store.read(ID, 0, 0, 1_000, 1 << 20)).noneMatch(Event::gap);
    }

    @Test
    void whatIsNotTakenIsOfferedAgain() throws InterruptedException {
        WorkerHarness harness = harness(OnStoreFailure.DELIVER, 100);
        takes = false;
        harness.lane(ID).offer(Writes.event(ID, 0, 1), stream);
        outage(harness, HOLD.plusSeconds(10), () -> {});
        assertThat(offered).hasSizeGreaterThan(10).containsOnly(1L);
        assertThat(harness.counts.unstored).isZero();
        assertThat(harness.sequences(ID, 0)).containsExactly(1L);
    }

    @Test
    void whatWasSentOnIsOfferedToWhoeverComesLater() throws InterruptedException {
        WorkerHarness harness = harness(OnStoreFailure.DELIVER, 100);
        Lane lane = harness.lane(ID);
        lane.offer(Writes.event(ID, 0, 1), stream);
        lane.offer(Writes.event(ID, 0, 2), stream);
        boolean[] another = {false};
        outage(harness, HOLD.plusSeconds(10), () -> {
            if (shown == 2 && !another[0]) {
                another[0] = true;
                shown = 0;
            }
        });
        assertThat(offered).containsExactly(1L, 2L, 1L, 2L);
        assertThat(stored).containsExactly(1L, 2L);
    }

    @Test
    void whoeverComesLaterIsAskedAboutAGapWithWhatWaitsBeforeIt() {
        Intake intake = new Intake(4, 1 << 20, Observer.NONE, System::nanoTime);
        Lane lane = new Lane(intake, Runnable::run, Lane.Listener.NOBODY);
        UnstoredEvents events = new UnstoredEvents(intake, UnstoredMarks.NONE, Observer.NONE);
        lane.offer(answer(1), stream);
        for (long sequence = 2; sequence <= 20; sequence++) {
            lane.offer(Writes.event(ID, 0, sequence), stream);
            events.offer(List.of());
        }
        assertThat(gapsAfter).as("whoever saw them misses nothing").isEmpty();
        offered.clear();
        shown = 0;
        events.offer(List.of());
        assertThat(offered).startsWith(1L).endsWith(20L).isSorted();
        assertThat(gapsAfter).as("what waits right before").containsExactly(1L);
    }

    @Test
    void aGapWhoseBeginningWaitsForAPartOfTheStoreIsNotOffered() {
        Intake intake = new Intake(4, 1 << 20, Observer.NONE, System::nanoTime);
        Lane lane = new Lane(intake, Runnable::run, Lane.Listener.NOBODY);
        UnstoredEvents events = new UnstoredEvents(intake, UnstoredMarks.NONE, Observer.NONE);
        PendingWrite gap = new PendingWrite(
                new AppendEvent(ID, 0, Event.gapOf(List.of(answer(7).event()))), lane, stream, 0);
        Set<Lane> holding = new HashSet<>();
        intake.alsoHold(List.of(gap), holding);
        events.offer(List.of(gap));
        assertThat(gapsAfter).isEmpty();
        intake.release(holding);
        events.offer(List.of(gap));
        assertThat(gapsAfter).containsExactly(0L);
    }

    @Test
    void aStreamsRecordIsOfferedAndCountsForNothing() throws InterruptedException {
        WorkerHarness harness = harness(OnStoreFailure.DELIVER, 100);
        List<StoreWrite> begun = new ArrayList<>();
        harness.lane(ID).offer(Writes.stream(ID, 3), new Completion() {
            @Override
            public void stored(StoreWrite write) {}

            @Override
            public boolean unstored(StoreWrite write) {
                begun.add(write);
                return false;
            }

            @Override
            public void refused(StoreWrite write, String reason) {}
        });
        outage(harness, HOLD.plusSeconds(1), () -> {});
        assertThat(begun).isNotEmpty().containsOnly(Writes.stream(ID, 3));
        assertThat(harness.counts.unstored).isZero();
    }

    @Test
    void whereRoomIsNeededAGapTakesThePlaceOfWhatWasSentOn() throws InterruptedException {
        WorkerHarness harness = harness(OnStoreFailure.DELIVER, 20);
        Lane lane = harness.lane(ID);
        Lane other = harness.lane(OTHER);
        Completion holds = harness.completion;
        long[] given = {0};
        lane.offer(Writes.event(ID, 0, ++given[0]), stream); // under way when the store fails: its fate is unknown
        outage(harness, HOLD.plusSeconds(30), () -> {
            if (given[0] == 0) {
                return;
            }
            if (given[0] == 50) {
                other.offer(Writes.event(OTHER, 0, 1), holds);
            }
            if (given[0] < 500 && !lane.blocked()) {
                lane.offer(given[0] == 100 ? answer(++given[0]) : Writes.event(ID, 0, ++given[0]), stream);
            }
            assertThat(harness.worker.queueDepth()).isLessThanOrEqualTo(20);
        });
        assertThat(given[0]).as("the upstream was read on").isEqualTo(500);
        List<Event> kept = harness.store.read(ID, 0, 0, 1_000, 1 << 20);
        assertThat(offered).as("each once, in order").hasSize(500).isSorted().doesNotHaveDuplicates();
        assertThat(kept).extracting(Event::sequence).contains(1L, 500L).isSorted();
        assertThat(kept).filteredOn(Event::answer).extracting(Event::sequence).containsExactly(101L);
        assertThat(kept).anyMatch(Event::gap);
        long whole = kept.stream().filter(event -> !event.gap()).count();
        assertThat(harness.counts.dropped)
                .as("those that the store will never have")
                .containsExactly(entry(Dropped.SENT_UNSTORED, (int) (500 - whole)));
        for (int i = 1; i < kept.size(); i++) { // nothing is missing that no gap stands for
            boolean next = kept.get(i).sequence() == kept.get(i - 1).sequence() + 1;
            assertThat(next || kept.get(i).gap())
                    .as("after %s", kept.get(i - 1))
                    .isTrue();
        }
        assertThat(harness.store.stream(ID, 0).orElseThrow().lastSequence()).isEqualTo(500);
        assertThat(harness.sequences(OTHER, 0)).as("held, since nobody took it").containsExactly(1L);
        assertThat(lane.settled()).isTrue();
        assertThat(lane.blocked()).isFalse();
        assertThat(harness.worker.queueBytes()).isZero();
    }

    @Test
    void anUpstreamIsResumedAfterAGapAndNotBeforeIt() {
        Event last = answer(7).event();
        Event gap = Event.gapOf(List.of(last));
        assertThat(gap.upstreamId()).isEqualTo("u7");
        assertThat(gap.gap()).isTrue();
        assertThat(last.gap()).isFalse();
        assertThat(gap.answer()).isFalse();
    }

    @Test
    void noMoreIsKeptOfWhatWasSentOnThanWaits() {
        Intake intake = new Intake(4, 1 << 20, Observer.NONE, System::nanoTime);
        Lane lane = new Lane(intake, Runnable::run, Lane.Listener.NOBODY);
        UnstoredEvents events = new UnstoredEvents(intake, UnstoredMarks.NONE, Observer.NONE);
        for (long sequence = 1; sequence <= 200; sequence++) {
            lane.offer(Writes.event(ID, 0, sequence), stream);
            events.offer(List.of());
        }
        assertThat(offered).hasSize(200);
        assertThat(events.size()).isLessThan(10);
    }
}
