package dev.shadowcat.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.EventTracker.Repeat;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
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
        tracker.expectRepeats(List.of("a", "b"));
        assertThat(tracker.compare("a")).isEqualTo(Repeat.YES);
        assertThat(tracker.compare(null)).as("without an id nobody knows").isEqualTo(Repeat.NO);
        assertThat(tracker.knows("c")).as("asking ends nothing").isFalse();
        assertThat(tracker.compare("b")).isEqualTo(Repeat.YES);
        assertThat(tracker.compare("c")).isEqualTo(Repeat.NO);
        assertThat(tracker.compare("a")).as("the comparing is over").isEqualTo(Repeat.NO);
    }

    @Test
    void aResumeWithNothingToCompareWithEndsTheComparingOfTheOneBefore() {
        tracker.expectRepeats(List.of("a"));
        tracker.expectRepeats(List.of());
        assertThat(tracker.compare("a")).isEqualTo(Repeat.NO);
    }

    @Test
    void whereTheStoreMayHaveMoreAnUnknownIdMayBeARepeatUntilAllWereCompared() {
        List<String> ids = IntStream.range(0, RepeatFilter.CAPACITY)
                .mapToObj(i -> "id-" + i)
                .toList();
        tracker.record(0, 1, false, null, MESSAGE);
        tracker.expectRepeats(ids);
        assertThat(tracker.compare("id-0")).isEqualTo(Repeat.YES);
        assertThat(tracker.compare("older")).isEqualTo(Repeat.PERHAPS);
        RepeatFilter newest = Objects.requireNonNull(tracker.expected());
        assertThat(newest.through()).isEqualTo(1);
        RepeatFilter older = new RepeatFilter(List.of("older"), 0, false);
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
    void aRunOfIdsThatIsNotFullIsAllThereIs() {
        tracker.expectRepeats(IntStream.range(1, RepeatFilter.CAPACITY)
                .mapToObj(i -> "id-" + i)
                .toList());
        assertThat(tracker.compare("new")).isEqualTo(Repeat.NO);
    }

    @Test
    void onlyTheNewestIdsAreCompared() {
        List<String> ids = new ArrayList<>();
        IntStream.rangeClosed(0, RepeatFilter.CAPACITY).forEach(i -> ids.add("id-" + i));
        RepeatFilter filter = new RepeatFilter(ids, 0, false);
        assertThat(filter.knows(ids.removeFirst())).isFalse();
        assertThat(ids).hasSize(RepeatFilter.CAPACITY).allMatch(filter::knows);
    }

    @Property
    void idsAreToldApartByEachOfTheirCharactersAndTheirOrder(@ForAll @Size(max = 60) Set<String> ids) {
        RepeatFilter filter = new RepeatFilter(ids, 0, false);
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
