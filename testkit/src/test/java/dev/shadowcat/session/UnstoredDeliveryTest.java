package dev.shadowcat.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.Event;
import dev.shadowcat.session.SessionHarness.Plain;
import dev.shadowcat.session.SessionHarness.Sink;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import java.nio.charset.StandardCharsets;
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
    void aStreamThatTheStoreDoesNotKnowShowsNothing() {
        EventStream fresh = session.openStream(List.of(), () -> {});
        SessionHarness.attach(fresh, 0);
        assertThat(fresh.unstored(new AppendEvent(SessionHarness.ID, fresh.number(), event(1).event())))
                .isFalse();
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
