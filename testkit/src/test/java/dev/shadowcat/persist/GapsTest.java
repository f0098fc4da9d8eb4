package dev.shadowcat.persist;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.GapIds;
import dev.shadowcat.event.RepeatFilter;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import dev.shadowcat.testkit.Writes;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** One gap takes the place of each run of a stream's events that were sent on, and everything else stays where it is. */
@Tag("persistence-worker")
class GapsTest {
    private static final SessionId ID = new SessionId(1, 1);
    private static final SessionId OTHER = new SessionId(2, 2);

    private final Set<PendingWrite> sent = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Lane lane = new Lane(new Intake(1, 1, Observer.NONE, () -> 0), Runnable::run, Lane.Listener.NOBODY);

    private PendingWrite waits(StoreWrite write) {
        return new PendingWrite(write, lane, Completion.NOBODY, 7);
    }

    private PendingWrite event(SessionId id, int stream, long sequence) {
        return waits(Writes.event(id, stream, sequence, "u" + sequence));
    }

    private PendingWrite sent(SessionId id, int stream, long sequence) {
        PendingWrite event = event(id, stream, sequence);
        sent.add(event);
        return event;
    }

    private static Event event(PendingWrite write) {
        return ((AppendEvent) write.write()).event();
    }

    @Test
    void aRunIsOneGapWhereItsLastEventWas() {
        List<PendingWrite> rest =
                new Gaps(sent).collapse(List.of(sent(ID, 3, 4), sent(ID, 3, 5), sent(ID, 3, 6), event(ID, 3, 7)));
        assertThat(rest).hasSize(2);
        Event gap = event(rest.getFirst());
        assertThat(gap.gap()).isTrue();
        assertThat(gap.sequence()).isEqualTo(6);
        assertThat(GapIds.of(gap))
                .containsExactly(RepeatFilter.hash("u4"), RepeatFilter.hash("u5"), RepeatFilter.hash("u6"));
        assertThat(event(rest.getLast()).sequence()).isEqualTo(7);
    }

    @Test
    void aGapWaitsAsItsLastEventDid() {
        PendingWrite last = sent(ID, 3, 1);
        PendingWrite gap = new Gaps(sent).collapse(List.of(last)).getFirst();
        assertThat(gap.lane()).isSameAs(lane);
        assertThat(gap.completion()).isSameAs(last.completion());
        assertThat(gap.offeredNanos()).isEqualTo(7);
        assertThat(gap.session()).isEqualTo(ID);
        assertThat(((AppendEvent) gap.write()).stream()).isEqualTo(3);
    }

    @Test
    void whatWasNotSentOnStaysAndPartsTheGaps() {
        PendingWrite stays = event(ID, 0, 2);
        List<PendingWrite> rest = new Gaps(sent).collapse(List.of(sent(ID, 0, 1), stays, sent(ID, 0, 3)));
        assertThat(rest).extracting(write -> event(write).sequence()).containsExactly(1L, 2L, 3L);
        assertThat(rest).extracting(write -> event(write).gap()).containsExactly(true, false, true);
        assertThat(rest).element(1).isSameAs(stays);
    }

    @Test
    void anAnswerStaysThoughItWasSentOn() {
        PendingWrite answer = waits(Writes.answer(ID, 0, 2));
        sent.add(answer);
        assertThat(new Gaps(sent).collapse(List.of(sent(ID, 0, 1), answer)))
                .hasSize(2)
                .last()
                .isSameAs(answer);
    }

    @Test
    void aGapThatWaitsAlreadyIsPartOfTheNext() {
        PendingWrite gap = waits(new AppendEvent(ID, 0, Event.gapOf(List.of(event(event(ID, 0, 1))))));
        List<PendingWrite> rest = new Gaps(sent).collapse(List.of(gap, sent(ID, 0, 2)));
        assertThat(rest)
                .singleElement()
                .extracting(write -> event(write).sequence())
                .isEqualTo(2L);
        assertThat(GapIds.of(event(rest.getFirst()))).hasSize(2);
    }

    @Test
    void streamsAndSessionsHaveTheirOwn() {
        List<PendingWrite> rest = new Gaps(sent)
                .collapse(
                        List.of(sent(ID, 0, 1), sent(ID, 1, 1), sent(OTHER, 0, 1), sent(ID, 0, 2), sent(OTHER, 0, 2)));
        assertThat(rest)
                .extracting(write -> write.session() + " " + ((AppendEvent) write.write()).stream() + " "
                        + event(write).sequence())
                .containsExactly(ID + " 1 1", ID + " 0 2", OTHER + " 0 2");
        assertThat(rest).allMatch(write -> event(write).gap());
    }

    @Test
    void otherWritesStayInTheirPlaceAndPartNothing() {
        PendingWrite record = waits(Writes.stream(ID, 0));
        List<PendingWrite> rest = new Gaps(sent).collapse(List.of(sent(ID, 0, 1), record, sent(ID, 0, 2)));
        assertThat(rest).hasSize(2).first().isSameAs(record);
        assertThat(event(rest.getLast()).sequence()).isEqualTo(2);
    }
}
