package dev.shadowcat.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.Event;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.persist.Completion;
import dev.shadowcat.session.SessionHarness.Plain;
import dev.shadowcat.session.SessionHarness.Sink;
import dev.shadowcat.store.Owner;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import dev.shadowcat.store.StreamRecord;
import dev.shadowcat.testkit.Writes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** An event that the store does not have is shown without an id, to a client that has everything before it, and never twice. */
@Tag("persistence-worker")
class UnstoredDeliveryTest {
    private final SessionHarness harness = new SessionHarness(10);
    private Plain session;
    private EventStream stream;

    @BeforeEach
    void open() throws InterruptedException {
        session = harness.create(SessionHarness.ID);
        stream = session.standalone();
        harness.turn();
    }

    private AppendEvent event(long sequence) {
        byte[] message = SessionHarness.notification("w" + sequence);
        return new AppendEvent(SessionHarness.ID, 0, new Event(sequence, 0, 1, false, null, message));
    }

    private void say(int count) {
        for (int i = 0; i < count; i++) {
            stream.receive(null, SessionHarness.notification("w" + (stream.newest() + 1)));
        }
    }

    @Test
    void itIsShownWithoutAnIdAndTheCursorMovesWhenItIsStored() throws InterruptedException {
        Sink sink = SessionHarness.attach(stream, 0);
        say(1);
        harness.turn();
        say(2);
        assertThat(stream.unstored(event(2))).isTrue();
        assertThat(stream.unstored(event(3))).isTrue();
        assertThat(sink.sequences).as("ids").containsExactly(1L);
        assertThat(sink.notices).hasSize(2);
        assertThat(sink.cursors).isEmpty();
        harness.turn();
        assertThat(sink.sequences).as("not a second time").containsExactly(1L);
        assertThat(sink.notices).hasSize(2);
        assertThat(sink.cursors).as("once, with the last").containsExactly(3L);
        assertThat(session.standaloneCursor()).isEqualTo(3);
        say(1);
        harness.turn();
        assertThat(sink.sequences).containsExactly(1L, 4L);
    }

    @Test
    void aClientThatHasNotEverythingBeforeIsNotShownIt() throws InterruptedException {
        assertThat(stream.unstored(event(1))).as("nobody is there").isFalse();
        say(3);
        harness.turn();
        Sink slow = new Sink();
        slow.writable = false;
        stream.attach(new ClientStream(stream, slow, 0));
        say(2);
        assertThat(stream.unstored(event(4))).as("it has yet to take 1 to 3").isFalse();
        Sink caughtUp = SessionHarness.attach(stream, 3);
        assertThat(stream.unstored(event(5))).as("4 comes first").isFalse();
        assertThat(stream.unstored(event(4))).isTrue();
        assertThat(stream.unstored(event(4))).as("it has it").isFalse();
        caughtUp.writable = false;
        assertThat(stream.unstored(event(5))).as("it takes nothing now").isFalse();
        assertThat(caughtUp.notices).hasSize(1);
        caughtUp.writable = true;
        harness.turn();
        assertThat(caughtUp.sequences).containsExactly(5L);
        assertThat(caughtUp.cursors).containsExactly(4L);
    }

    @Test
    void anotherClientGetsItWithItsIdOnceItIsStored() throws InterruptedException {
        SessionHarness.attach(stream, 0);
        say(2);
        assertThat(stream.unstored(event(1))).isTrue();
        Sink second = SessionHarness.attach(stream, 0);
        harness.turn();
        assertThat(second.sequences).containsExactly(1L, 2L);
    }

    @Test
    void whoSawWhatWasLetGoHasItsCursorMovedAndEveryOtherIsToldOfTheGap() throws InterruptedException {
        Sink saw = SessionHarness.attach(stream, 0);
        say(1);
        harness.turn();
        for (long sequence = 2; sequence <= 4; sequence++) {
            AppendEvent shown = event(sequence);
            assertThat(stream.unstored(shown)).isTrue();
        }
        AppendEvent gap = new AppendEvent(SessionHarness.ID, 0, Event.gapOf(List.of(event(4).event())));
        harness.store.append(List.of(gap));
        stream.stored(gap);
        assertThat(saw.cursors).containsExactly(4L);
        assertThat(saw.gaps).isEmpty();
        Sink missed = SessionHarness.attach(stream, 1);
        harness.settle();
        assertThat(missed.gaps).containsExactly(4L);
        assertThat(missed.sequences).isEmpty();
    }

    @Test
    void aClientThatComesWhileOthersHaveSeenItIsShownItToo() throws InterruptedException {
        say(1);
        harness.turn();
        SessionHarness.attach(stream, 1);
        say(2);
        assertThat(stream.unstored(event(2))).isTrue();
        assertThat(stream.unstored(event(3))).isTrue();
        Sink second = SessionHarness.attach(stream, 0);
        assertThat(stream.unstored(event(2))).as("it reads 1").isFalse();
        harness.settle();
        assertThat(stream.unstored(event(3))).as("2 comes first").isFalse();
        assertThat(stream.unstored(event(2))).isTrue();
        assertThat(stream.unstored(event(3))).isTrue();
        assertThat(second.sequences).containsExactly(1L);
        assertThat(second.notices).hasSize(2);
        harness.turn();
        assertThat(second.sequences).as("not a second time").containsExactly(1L);
        assertThat(second.cursors).containsExactly(3L);
    }

    @Test
    void aClientThatComesWhenItWasLetGoIsToldSoOnceItHasEverythingBefore() throws InterruptedException {
        say(4);
        AppendEvent gap = new AppendEvent(SessionHarness.ID, 0, Event.gapOf(List.of(event(3).event())));
        Sink late = SessionHarness.attach(stream, 0);
        stream.unstoredGap(gap, 1);
        assertThat(late.notices).as("1 comes first").isEmpty();
        assertThat(stream.unstored(event(1))).isTrue();
        assertThat(stream.unstored(event(4)))
                .as("nobody told it yet of 2 and 3")
                .isFalse();
        stream.unstoredGap(gap, 1);
        stream.unstoredGap(gap, 1);
        assertThat(late.notices).hasSize(3);
        assertThat(late.notices.get(1)).contains("no longer kept");
        assertThat(late.notices.get(2)).contains("list_changed");
        assertThat(stream.unstored(event(4))).isTrue();
        assertThat(late.cursors).as("no id").isEmpty();
        assertThat(late.gaps).isEmpty();
        harness.turn();
        assertThat(late.sequences).as("it has its numbers, stored or not").isEmpty();
        assertThat(late.cursors).containsExactly(4L);
    }

    @Test
    void aStreamThatTheStoreDoesNotKnowBeginsWhenItIsAskedAndGivesNoId() throws InterruptedException {
        Call call = session.begin(new RequestId("7"), "tools/call", null);
        List<String> happened = new ArrayList<>();
        EventStream fresh = session.openStream(List.of(call), () -> happened.add("opened"));
        StoreWrite record = Writes.stream(SessionHarness.ID, fresh.number());
        assertThat(fresh.unstored(record)).isFalse();
        assertThat(fresh.unstored(record)).isFalse();
        assertThat(happened).containsExactly("opened");
        fresh.whenRecordStored(() -> happened.add("known"));
        Sink sink = SessionHarness.attach(fresh, 0);
        byte[] progress = SessionHarness.notification("w1");
        byte[] answer = SessionHarness.answer("7");
        fresh.receive(null, progress);
        fresh.receive(null, answer);
        assertThat(fresh.unstored(of(fresh, 1, progress))).isTrue();
        assertThat(sink.finished).isFalse();
        assertThat(fresh.unstored(of(fresh, 2, answer))).isTrue();
        assertThat(sink.notices).hasSize(2);
        assertThat(sink.finished)
                .as("it has its answer, and nothing to come back with")
                .isTrue();
        assertThat(happened).containsExactly("opened");
        harness.turn();
        assertThat(happened).containsExactly("opened", "known");
        assertThat(sink.sequences).isEmpty();
        assertThat(sink.cursors).isEmpty();
        assertThat(harness.store.read(SessionHarness.ID, fresh.number(), 0, 10, 1 << 20))
                .hasSize(2);
        assertThat(session.stream(fresh.number())).as("it leaves memory").isNull();
    }

    private static AppendEvent of(EventStream stream, long sequence, byte[] message) {
        return new AppendEvent(SessionHarness.ID, stream.number(), new Event(sequence, 0, 1, false, null, message));
    }

    @Test
    void nothingIsShownOfAGenerationThatAKillWouldGiveToAnother() throws InterruptedException {
        Sink sink = SessionHarness.attach(stream, 0);
        session.change(now -> now.withUpstreamSession("next", null), Completion.NOBODY);
        List<String> happened = new ArrayList<>();
        EventStream fresh = session.openStream(List.of(), () -> happened.add("opened"));
        stream.regenerate();
        say(1);
        StoreWrite record = new StoreWrite.PutStream(
                SessionHarness.ID,
                new StreamRecord(fresh.number(), 0, 2, List.of(), StreamRecord.Phase.OPEN, Owner.ONLY));
        assertThat(stream.unstored(ofSecondGeneration(1))).isFalse();
        assertThat(fresh.unstored(record)).isFalse();
        assertThat(sink.notices).isEmpty();
        assertThat(happened).isEmpty();
        harness.turn();
        say(1);
        assertThat(stream.unstored(ofSecondGeneration(2))).isTrue();
    }

    private static AppendEvent ofSecondGeneration(long sequence) {
        byte[] message = SessionHarness.notification("w" + sequence);
        return new AppendEvent(SessionHarness.ID, 0, new Event(sequence, 0, 2, false, null, message));
    }

    @Test
    void aStreamThatWasThereBeforeEndsWhenTheStoreKnowsOfIt() throws InterruptedException {
        Call call = session.begin(new RequestId("7"), "tools/call", null);
        EventStream known = session.openStream(List.of(call), () -> {});
        harness.turn();
        Sink sink = SessionHarness.attach(known, 0);
        byte[] answer = SessionHarness.answer("7");
        known.receive(null, answer);
        assertThat(known.unstored(of(known, 1, answer))).isTrue();
        assertThat(sink.finished).as("it would come back, again and again").isFalse();
        harness.turn();
        assertThat(sink.cursors).containsExactly(1L);
        assertThat(sink.finished).isTrue();
    }

    @Test
    void anAnswerThatWasShownAndIsThenRefusedForGoodGetsNoSecondOne() throws InterruptedException {
        Sink sink = SessionHarness.attach(stream, 0);
        say(1);
        byte[] answer = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}".getBytes(StandardCharsets.UTF_8);
        AppendEvent shown = new AppendEvent(SessionHarness.ID, 0, new Event(1, 0, 1, true, null, answer));
        assertThat(stream.unstored(shown)).isTrue();
        stream.refused(shown, "told to refuse");
        harness.turn();
        assertThat(sink.notices).hasSize(1);
        assertThat(sink.sequences).as("no error in its place").isEmpty();
    }
}
