package dev.shadowcat.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.shadowcat.event.EventTracker.Repeat;
import dev.shadowcat.event.RepeatFilter.Beyond;
import dev.shadowcat.memory.Footprint;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** A number is given once, and what a resumed upstream repeats is told from what is new. */
class EventTrackerTest {
    private static final byte[] MESSAGE = "{}".getBytes(StandardCharsets.UTF_8);

    private final EventTracker tracker = new EventTracker(0);

    @Property
    void numbersRiseByOneFromTheNewestThatWasEverGiven(@ForAll @LongRange(max = 1L << 40) long newest) {
        EventTracker counted = new EventTracker(newest);
        assertThat(counted.newest()).isEqualTo(newest);
        for (long next = newest + 1; next <= newest + 3; next++) {
            assertThat(counted.record(0, 1, false, null, MESSAGE).sequence()).isEqualTo(next);
            assertThat(counted.newest()).isEqualTo(next);
        }
    }

    @Test
    void anEventIsWhatWasRecorded() {
        Event event = tracker.record(7, 3, true, "up-1", MESSAGE);
        assertThat(event).isEqualTo(new Event(1, 7, 3, true, "up-1", MESSAGE));
        assertThat(event.bytes()).isEqualTo(2 + 4 + Event.OVERHEAD_BYTES);
    }

    @Test
    void anUnbrokenUpstreamRepeatsNothing() {
        assertThat(tracker.compare("a")).isEqualTo(Repeat.NO);
        assertThat(tracker.compare("a")).isEqualTo(Repeat.NO);
        assertThat(tracker.knows("a")).isFalse();
        assertThat(tracker.compare(null)).isEqualTo(Repeat.NO);
    }

    @Test
    void aResumedUpstreamRepeatsUntilItsFirstNewId() {
        tracker.expectRepeats(filter(List.of("a", "b"), Beyond.NEW));
        assertThat(tracker.compare("a")).isEqualTo(Repeat.YES);
        assertThat(tracker.compare(null)).as("without an id nobody knows").isEqualTo(Repeat.NO);
        assertThat(tracker.knows("c")).as("asking ends nothing").isFalse();
        assertThat(tracker.knows(null)).isFalse();
        assertThat(tracker.compare("b")).isEqualTo(Repeat.YES);
        assertThat(tracker.compare("c")).isEqualTo(Repeat.NO);
        assertThat(tracker.compare("a")).as("the comparing is over").isEqualTo(Repeat.NO);
    }

    @Test
    void aResumeWithNothingToCompareWithEndsTheComparingOfTheOneBefore() {
        tracker.expectRepeats(filter(List.of("a"), Beyond.NEW));
        tracker.expectRepeats(null);
        assertThat(tracker.compare("a")).isEqualTo(Repeat.NO);
    }

    @Test
    void whereTheStoreMayHaveMoreAnUnknownIdMayBeARepeatUntilAllWereCompared() {
        List<String> ids = IntStream.range(0, RepeatFilter.CAPACITY)
                .mapToObj(i -> "id-" + i)
                .toList();
        tracker.record(0, 1, false, null, MESSAGE);
        tracker.expectRepeats(filter(ids, Beyond.STORED));
        assertThat(tracker.compare("id-0")).isEqualTo(Repeat.YES);
        assertThat(tracker.compare("older")).isEqualTo(Repeat.PERHAPS);
        RepeatFilter newest = Objects.requireNonNull(tracker.expected());
        assertThat(newest.through()).isEqualTo(7);
        RepeatFilter older = filter(List.of("older"), Beyond.NEW);
        tracker.expect(newest, older);
        assertThat(tracker.compare("older")).isEqualTo(Repeat.YES);
        tracker.expect(newest, null);
        assertThat(tracker.expected())
                .as("what is no longer in force takes no other's place")
                .isSameAs(older);
        assertThat(tracker.compare("new")).isEqualTo(Repeat.NO);
        assertThat(tracker.expected()).isNull();
    }

    @Test
    void anIdThatNobodyRemembersCountsAsNewAndIsToldOfOnceARepeatFollows() {
        tracker.expectRepeats(filter(List.of("b", "c"), Beyond.FORGOTTEN));
        assertThat(tracker.compare("a")).isEqualTo(Repeat.NO);
        assertThat(tracker.compare("b")).isEqualTo(Repeat.YES_AND_SOME_BEFORE);
        assertThat(tracker.compare("c")).as("told once").isEqualTo(Repeat.YES);
        assertThat(tracker.compare("d")).as("the store may know it").isEqualTo(Repeat.PERHAPS);
        tracker.expectRepeats(null);
        assertThat(tracker.compare("c")).isEqualTo(Repeat.NO);
    }

    @Test
    void whatItComparesWithCountsAmongItsMemory() {
        long alone = new Footprint().measured(tracker).bytes();
        assertThat(alone).isEqualTo(new Footprint().add(tracker).bytes()).isPositive();
        RepeatFilter two = filter(List.of("a", "b"), Beyond.NEW);
        tracker.expectRepeats(two);
        assertThat(new Footprint().measured(tracker).bytes())
                .isEqualTo(alone + new Footprint().add(two).array(2, Long.BYTES).bytes());
    }

    @Test
    void noEventHasTheNumberOfThePlaceBeforeTheFirst() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Event(0, 0, 1, false, null, MESSAGE));
    }

    private static RepeatFilter filter(Collection<String> ids, Beyond beyond) {
        return new RepeatFilter(ids.stream().mapToLong(RepeatFilter::hash).toArray(), 7, beyond);
    }

    @Property
    void idsAreToldApartByEachOfTheirCharactersAndTheirOrder(@ForAll @Size(max = 60) Set<String> ids) {
        RepeatFilter filter = filter(ids, Beyond.NEW);
        assertThat(ids).allMatch(filter::knows);
        Set<String> others = new HashSet<>();
        ids.forEach(id -> {
            others.add(id + "x");
            others.add(new StringBuilder(id).reverse().toString());
        });
        others.removeAll(ids);
        assertThat(others).noneMatch(filter::knows);
    }
}
