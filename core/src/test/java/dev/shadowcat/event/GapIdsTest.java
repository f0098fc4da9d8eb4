package dev.shadowcat.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A gap remembers the upstream ids of what it stands for, the newest of them, and says where there were more. */
class GapIdsTest {
    private static List<Event> events(int first, int last, int generation) {
        return IntStream.rangeClosed(first, last)
                .mapToObj(n -> new Event(n, 0, generation, false, "u" + n, "{}".getBytes(StandardCharsets.UTF_8)))
                .toList();
    }

    private static long[] hashes(int first, int last) {
        return IntStream.rangeClosed(first, last)
                .mapToLong(n -> RepeatFilter.hash("u" + n))
                .toArray();
    }

    @Test
    void itHasTheIdsOfItsEventsAndOfTheGapsAmongThem() {
        Event first = Event.gapOf(events(1, 3, 1));
        assertThat(first.gap()).isTrue();
        assertThat(first.sequence()).isEqualTo(3);
        assertThat(GapIds.of(first)).containsExactly(hashes(1, 3));
        assertThat(GapIds.knowsAll(first)).isTrue();
        Event both = Event.gapOf(
                Stream.concat(Stream.of(first), events(4, 5, 1).stream()).toList());
        assertThat(GapIds.of(both)).containsExactly(hashes(1, 5));
        assertThat(GapIds.knowsAll(both)).isTrue();
    }

    @Test
    void beyondItsBoundItHasTheNewestAndSaysSoHoweverOftenItGrows() {
        Event full = Event.gapOf(events(1, GapIds.CAPACITY, 1));
        assertThat(GapIds.knowsAll(full)).isTrue();
        Event cut =
                Event.gapOf(Stream.concat(Stream.of(full), events(GapIds.CAPACITY + 1, GapIds.CAPACITY + 1, 1).stream())
                        .toList());
        assertThat(GapIds.of(cut)).containsExactly(hashes(2, GapIds.CAPACITY + 1));
        assertThat(GapIds.knowsAll(cut)).isFalse();
        assertThat(GapIds.knowsAll(Event.gapOf(List.of(cut)))).isFalse();
    }

    @Test
    void idsOfAnotherGenerationMeanNothing() {
        Event gap = Event.gapOf(Stream.concat(events(1, 2, 1).stream(), events(3, 3, 2).stream())
                .toList());
        assertThat(GapIds.of(gap)).containsExactly(hashes(3, 3));
    }

    @Test
    void oneFromBeforeThereWereIdsHasThatOfItsLastEventOnly() {
        Event old = new Event(7, 0, 1, false, "u7", new byte[0]);
        assertThat(old.gap()).isTrue();
        assertThat(GapIds.of(old)).containsExactly(hashes(7, 7));
        assertThat(GapIds.knowsAll(old)).isFalse();
    }

    @Test
    void itBeginsWithTheFirstOfItsEvents() {
        Event first = Event.gapOf(events(3, 5, 1));
        assertThat(GapIds.first(first)).isEqualTo(3);
        Event both = Event.gapOf(
                Stream.concat(Stream.of(first), events(6, 6, 1).stream()).toList());
        assertThat(GapIds.first(both)).isEqualTo(3);
        assertThat(GapIds.first(events(6, 6, 1).getFirst())).isEqualTo(6);
    }

    @Test
    void oneAmongWhoseEventsANumberIsMissingDoesNotKnowThemAll() {
        Event gap = Event.gapOf(Stream.concat(events(3, 4, 1).stream(), events(6, 6, 1).stream())
                .toList());
        assertThat(GapIds.knowsAll(gap)).isFalse();
        assertThat(GapIds.of(gap)).hasSize(3);
    }

    @Test
    void oneFromBeforeGapsHadTheirFirstNumberHasItsIdsAndMayNotKnowThemAll() {
        byte[] message =
                ByteBuffer.allocate(9).putLong(1, RepeatFilter.hash("u7")).array();
        Event old = new Event(7, 0, 1, false, "u7", message);
        assertThat(old.gap()).isTrue();
        assertThat(GapIds.of(old)).containsExactly(hashes(7, 7));
        assertThat(GapIds.knowsAll(old)).isFalse();
    }

    @Test
    void anIdThatEventsInARowShareIsThereOnce() {
        Event first = events(1, 1, 1).getFirst();
        Event second = new Event(2, 0, 1, false, "u1", "{}".getBytes(StandardCharsets.UTF_8));
        assertThat(GapIds.of(Event.gapOf(List.of(first, second)))).containsExactly(hashes(1, 1));
    }

    @Test
    void anEventHasItsOwn() {
        assertThat(GapIds.of(events(1, 1, 1).getFirst())).containsExactly(hashes(1, 1));
        assertThat(GapIds.of(new Event(1, 0, 1, false, null, new byte[] {'{'}))).isEmpty();
    }
}
