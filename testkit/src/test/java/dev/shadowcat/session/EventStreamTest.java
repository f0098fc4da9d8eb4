package dev.shadowcat.session;

import static dev.shadowcat.session.SessionHarness.answer;
import static dev.shadowcat.session.SessionHarness.attach;
import static dev.shadowcat.session.SessionHarness.notification;
import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.event.SpanIdentity;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.observe.Operation;
import dev.shadowcat.persist.Completion;
import dev.shadowcat.session.SessionHarness.Plain;
import dev.shadowcat.session.SessionHarness.Sink;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import dev.shadowcat.store.StoreWrite.PutStream;
import dev.shadowcat.store.StoreWrite.TrimStream;
import dev.shadowcat.store.StreamRecord.Phase;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What an upstream says is stored, then shown, once; and each request has one answer, whatever the store makes of it. */
class EventStreamTest {
    private static final SessionId ID = SessionHarness.ID;

    private final SessionHarness harness = new SessionHarness(100);
    private Plain session;

    @BeforeEach
    void begin() throws InterruptedException {
        session = harness.create(ID);
    }

    private EventStream opened(RequestId... ids) throws InterruptedException {
        List<Call> calls = List.of(ids).stream()
                .map(id -> session.begin(id, "tools/call", null))
                .toList();
        EventStream stream = session.openStream(calls, () -> {});
        harness.turn();
        return stream;
    }

    @Test
    void nothingIsShownBeforeItIsStored() throws InterruptedException {
        EventStream stream = opened(new RequestId("1"));
        Sink sink = attach(stream, 0);
        stream.receive(null, notification("a"));
        stream.receive(null, answer("1"));
        harness.settle();
        assertThat(sink.sequences).isEmpty();
        harness.turn();
        assertThat(sink.sequences).containsExactly(1L, 2L);
        assertThat(sink.finished).isTrue();
        assertThat(harness.store.stream(ID, stream.number())
                        .orElseThrow()
                        .record()
                        .phase())
                .isEqualTo(Phase.FINISHED);
    }

    @Test
    void whoHasNoIdOfASessionThatGoesOnElsewhereIsGivenOneToComeBackWith() throws InterruptedException {
        EventStream stream = opened(new RequestId("1"));
        Sink sink = attach(stream, 0);
        session.lost();
        assertThat(sink.primed).isTrue();
        assertThat(sink.notices).isEmpty();
        assertThat(sink.finished).isTrue();
    }

    @Test
    void whoTakesNoIdOfASessionThatGoesOnElsewhereIsAnswered() throws InterruptedException {
        EventStream stream = opened(new RequestId("1"), new RequestId("2"));
        Sink sink = attach(stream, 0);
        sink.primes = false;
        stream.receive(null, answer("1")); // whose fate is not known yet
        session.lost();
        assertThat(sink.notices)
                .hasSize(2)
                .allSatisfy(notice -> assertThat(notice).contains("\"outcome\":\"unknown\""))
                .anySatisfy(notice -> assertThat(notice).contains("\"id\":1"))
                .anySatisfy(notice -> assertThat(notice).contains("\"id\":2"));
        assertThat(sink.finished).isTrue();
    }

    @Test
    void aCallWhoseAnswerIsNotStoredYetIsAnsweredWhenItsSessionEnds() throws InterruptedException {
        EventStream stream = opened(new RequestId("1"), new RequestId("2"));
        Sink sink = attach(stream, 0);
        stream.receive(null, answer("1"));
        harness.turn();
        stream.receive(null, answer("2"));
        harness.sessions.delete(session, Completion.NOBODY);
        assertThat(sink.messages).as("the first has its answer").hasSize(1);
        assertThat(sink.notices).singleElement().asString().contains("\"id\":2", "\"outcome\":\"unknown\"");
    }

    @Test
    void aClientTooSlowToHaveSeenItsAnswerGetsOneWhenItsSessionEnds() throws InterruptedException {
        EventStream stream = opened(new RequestId("1"));
        Sink sink = attach(stream, 0);
        sink.writable = false;
        stream.receive(null, answer("1"));
        harness.turn();
        assertThat(sink.messages).isEmpty();
        harness.sessions.delete(session, Completion.NOBODY);
        assertThat(sink.notices).singleElement().asString().contains("\"id\":1", "\"outcome\":\"unknown\"");
    }

    @Test
    void aBatchIsShownWithoutAnswersThatAreNotOfThisStream() throws InterruptedException {
        session.begin(new RequestId("1"), "tools/call", null); // open on another stream: its id here is a fresh one
        EventStream stream = opened(new RequestId("1"), new RequestId("2"));
        RequestId fresh = stream.open().getFirst().upstreamId();
        Sink sink = attach(stream, 0);
        byte[] own = answer(fresh.json());
        byte[] batch = ("[ " + text(answer("1")) + " , " + text(notification("a")) + " , " + text(own) + " , "
                        + text(own) + " ]")
                .getBytes(StandardCharsets.UTF_8);
        stream.receive(null, batch);
        stream.receive(null, ("[" + text(own) + "]").getBytes(StandardCharsets.UTF_8));
        harness.turn();
        assertThat(harness.store.read(ID, stream.number(), 0, 10, 10_000))
                .singleElement()
                .extracting(event -> text(event.message()))
                .isEqualTo("[" + text(notification("a")) + "," + text(answer("1")) + "]");
        assertThat(sink.finished).isFalse();
        assertThat(stream.open()).extracting(Call::clientId).containsExactly(new RequestId("2"));
    }

    @Test
    void anErrorThatNamesNoRequestAnswersTheOnlyOneThatIsOpen() throws InterruptedException {
        EventStream stream = opened(new RequestId("1"), new RequestId("2"));
        Sink sink = attach(stream, 0);
        byte[] nameless = "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"m\"}}"
                .getBytes(StandardCharsets.UTF_8);
        assertThat(stream.receive(null, nameless)).as("which of the two?").isEqualTo(Received.STRAY);
        stream.receive(null, answer("1"));
        assertThat(stream.receive(null, nameless)).isEqualTo(Received.RECORDED);
        harness.turn();
        assertThat(harness.store
                        .read(ID, stream.number(), 0, 10, 10_000)
                        .getLast()
                        .message())
                .asString()
                .isEqualTo(text(nameless).replace("null", "2"));
        assertThat(sink.finished).isTrue();
    }

    @Test
    void anErrorThatNamesNoRequestMayBeOfAnotherStreamWhereTheUpstreamWasResumed() throws InterruptedException {
        EventStream stream = opened(new RequestId("1"));
        resumed(stream);
        assertThat(stream.receive(
                        null,
                        "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":\"m\"}}"
                                .getBytes(StandardCharsets.UTF_8)))
                .isEqualTo(Received.STRAY);
        assertThat(stream.open()).hasSize(1);
    }

    private static String text(byte[] message) {
        return new String(message, StandardCharsets.UTF_8);
    }

    @Test
    void aSlowClientReadsFromTheStoreAndMissesNothing() throws InterruptedException {
        EventStream stream = session.standalone();
        Sink sink = attach(stream, 0);
        sink.writable = false;
        for (int i = 0; i < 500; i++) { // far more than a tail holds
            stream.receive(null, notification("n" + i));
        }
        harness.turn();
        assertThat(sink.sequences).isEmpty();
        sink.writable = true;
        Objects.requireNonNull(stream.client()).pump();
        for (int i = 0; i < 10; i++) {
            stream.receive(null, notification("live"));
            harness.turn();
        }
        assertThat(sink.sequences)
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, 510).boxed().toList());
    }

    @Test
    void aSlowClientIsToldWhatRetentionTookBeforeItWasRead() throws InterruptedException {
        EventStream stream = session.standalone();
        Sink sink = attach(stream, 0);
        stream.receive(null, notification("n1"));
        harness.turn();
        sink.writable = false;
        for (int i = 2; i <= 500; i++) {
            stream.receive(null, notification("n" + i));
        }
        allStored(stream);
        harness.store.append(List.of(new TrimStream(ID, 0, 400)));
        sink.writable = true;
        Objects.requireNonNull(stream.client()).pump();
        harness.turn();
        assertThat(sink.sequences.get(1)).isEqualTo(401L);
        assertThat(sink.sequences).hasSize(101);
        assertThat(sink.notices)
                .as("the warning and the list that may have changed")
                .hasSize(2)
                .anyMatch(notice -> notice.contains("no longer kept"))
                .anyMatch(notice -> notice.contains("tools/list_changed"));
    }

    @Test
    void aSlowClientOfWhichRetentionTookAllThatTheStoreHadIsToldToo() throws InterruptedException {
        EventStream stream = session.standalone();
        Sink sink = attach(stream, 0);
        sink.writable = false;
        for (int i = 1; i <= 200; i++) {
            stream.receive(null, notification("n" + i));
        }
        allStored(stream);
        harness.store.append(List.of(new TrimStream(ID, 0, 200)));
        sink.writable = true;
        Objects.requireNonNull(stream.client()).pump();
        harness.turn();
        assertThat(sink.notices).anyMatch(notice -> notice.contains("no longer kept"));
        assertThat(sink.sequences).as("memory has these yet").containsExactly(196L, 197L, 198L, 199L, 200L);
    }

    @Test
    void aRequestOfTheUpstreamInABatchIsShownUnderItsGeneration() throws InterruptedException {
        session.change(now -> now.withUpstreamSession("second", null), dev.shadowcat.persist.Completion.NOBODY);
        EventStream stream = opened(new RequestId("1"));
        String ask = "{\"jsonrpc\":\"2.0\", \"id\": 7, \"method\":\"sampling/createMessage\"}";
        byte[] batch = ("[" + text(answer("1")) + ", " + ask + "]").getBytes(StandardCharsets.UTF_8);
        stream.receive(null, batch);
        harness.turn();
        assertThat(harness.store.read(ID, stream.number(), 0, 10, 10_000))
                .singleElement()
                .extracting(event -> text(event.message()))
                .isEqualTo("[" + text(answer("1")) + "," + ask.replace("7", "\"shadowcat-g2-7\"") + "]");
        assertThat(session.serverRequests().answered(new RequestId("\"shadowcat-g2-7\""), 2))
                .isEqualTo(new RequestId("7"));
    }

    @Test
    void aResumeHasNoSeamBetweenStoredAndLive() throws InterruptedException {
        EventStream stream = session.standalone();
        for (int i = 0; i < 300; i++) {
            stream.receive(null, notification("old"));
        }
        harness.turn();
        Sink sink = attach(stream, 17);
        stream.receive(null, notification("while it reads"));
        harness.worker.turn();
        harness.loop.runAll(); // stored before the first page was read
        assertThat(sink.sequences).isEmpty();
        harness.turn();
        assertThat(sink.sequences)
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(18, 301).boxed().toList());
    }

    @Test
    void theNewestConnectionTakesTheStreamOver() throws InterruptedException {
        EventStream stream = session.standalone();
        harness.turn();
        Sink first = attach(stream, 0);
        Sink second = attach(stream, 0);
        assertThat(first.finished).isTrue();
        stream.receive(null, notification("a"));
        harness.turn();
        assertThat(first.sequences).isEmpty();
        assertThat(second.sequences).containsExactly(1L);
    }

    @Test
    void anAnswerThatTheStoreRefusesBecomesAnErrorOnce() throws InterruptedException {
        harness.store.refuse(write -> write instanceof AppendEvent append
                && new String(append.event().message(), StandardCharsets.UTF_8).contains("result"));
        EventStream stream = opened(new RequestId("1"));
        Sink sink = attach(stream, 0);
        stream.receive(null, answer("1"));
        harness.turn();
        harness.turn();
        assertThat(sink.messages).singleElement().asString().contains("\"id\":1", "could not store the answer");
        assertThat(sink.finished).isTrue();
        assertThat(session.busy()).isFalse();
    }

    @Test
    void eachOfTwoAnswersThatTheStoreRefusesBecomesAnErrorBeforeTheEndOfTheirStream() throws InterruptedException {
        harness.store.refuse(write -> write instanceof AppendEvent append
                && new String(append.event().message(), StandardCharsets.UTF_8).contains("result"));
        EventStream stream = opened(new RequestId("1"), new RequestId("2"));
        stream.receive(null, answer("1"));
        stream.receive(null, answer("2"));
        harness.worker.turn();
        harness.settle(); // both errors are on their way
        harness.store.refuse(write -> write instanceof AppendEvent append
                && new String(append.event().message(), StandardCharsets.UTF_8).contains("\"id\":2"));
        harness.worker.turn(); // the second one is refused, which is known to nobody else yet
        assertThat(phase(stream)).isEqualTo(Phase.OPEN);
        harness.store.heal();
        for (int i = 0; i < 3; i++) {
            harness.turn();
        }
        assertThat(phase(stream)).isEqualTo(Phase.FINISHED);
        assertThat(harness.store.read(ID, stream.number(), 0, 10, 1 << 20))
                .singleElement()
                .extracting(event -> text(event.message()))
                .asString()
                .contains("\"id\":1", "could not store the answer");
    }

    @Test
    void eachRequestOfABatchHasOneAnswerThoughTheStoreRefusesTheFirst() throws InterruptedException {
        harness.store.refuse(write -> write instanceof AppendEvent append
                && new String(append.event().message(), StandardCharsets.UTF_8).contains("result"));
        EventStream stream = opened(new RequestId("1"), new RequestId("2"), new RequestId("3"));
        stream.receive(null, answer("1"));
        harness.turn();
        stream.receive(
                null, ("[" + text(answer("2")) + "," + text(answer("3")) + "]").getBytes(StandardCharsets.UTF_8));
        for (int i = 0; i < 3; i++) {
            harness.turn();
        }
        assertThat(harness.store.read(ID, stream.number(), 0, 10, 1 << 20))
                .extracting(event -> text(event.message()).replaceAll(".*\"id\":(\\d).*not store.*", "$1"))
                .containsExactly("1", "2", "3");
        assertThat(phase(stream)).isEqualTo(Phase.FINISHED);
        assertThat(session.busy()).isFalse();
    }

    @Test
    void aStoreThatRefusesEveryAnswerIsNotAskedForEver() throws InterruptedException {
        harness.store.refuse(
                write -> write instanceof AppendEvent append && append.event().answer());
        EventStream stream = opened(new RequestId("1"));
        Sink sink = attach(stream, 0);
        stream.receive(null, answer("1"));
        for (int i = 0; i < 5; i++) {
            harness.turn();
        }
        assertThat(stream.newest()).as("the answer and one error").isEqualTo(2);
        assertThat(sink.notices).singleElement().asString().contains("\"id\":1", "could not store the answer");
        assertThat(sink.finished).isTrue();
    }

    @Test
    void aHoleThatTheStoreLeavesHoldsNobodyUp() throws InterruptedException {
        harness.store.refuse(
                write -> write instanceof AppendEvent append && append.event().sequence() == 2);
        EventStream stream = opened(new RequestId("1"));
        Sink sink = attach(stream, 0);
        stream.receive(null, notification("a"));
        stream.receive(null, notification("refused"));
        harness.turn();
        assertThat(stream.busy()).as("but for its client").isTrue();
        stream.cancel(Objects.requireNonNull(session.openCall(new RequestId("1"))));
        harness.turn();
        assertThat(sink.sequences).containsExactly(1L);
        assertThat(sink.finished).isTrue();
    }

    @Test
    void aStreamThatCannotBeginAnswersWithAnError() throws InterruptedException {
        harness.store.refuse(write -> write instanceof PutStream);
        Call call = session.begin(new RequestId("1"), "tools/call", null);
        Sink[] sink = new Sink[1];
        EventStream[] stream = new EventStream[1];
        stream[0] = session.openStream(List.of(call), () -> sink[0] = attach(stream[0], 0));
        harness.turn();
        harness.turn();
        assertThat(sink[0].messages).singleElement().asString().contains("\"id\":1", "could not store the stream");
        assertThat(sink[0].finished).isTrue();
        assertThat(stream[0].recordStored()).as("so that no id of it is given").isFalse();
        assertThat(session.pending()).isZero();
    }

    @Test
    void anOpenRequestIdIsReplacedAndRestored() throws InterruptedException {
        EventStream first = opened(new RequestId("1"));
        EventStream second = opened(new RequestId("1"));
        Sink sink = attach(second, 0);
        String upstreamId = second.open().getFirst().upstreamId().json();
        assertThat(upstreamId).isNotEqualTo("1").startsWith("\"");
        assertThat(second.receive(null, answer("1"))).as("the other one's").isEqualTo(Received.STRAY);
        assertThat(second.receive(null, answer(upstreamId))).isEqualTo(Received.RECORDED);
        harness.turn();
        assertThat(sink.messages).containsExactly(new String(answer("1"), StandardCharsets.UTF_8));
        assertThat(first.ended()).isFalse();
        assertThat(session.begin(new RequestId("2"), "ping", null).upstreamId()).isEqualTo(new RequestId("2"));
    }

    @Test
    void anAnswerWhoseIdIsWrittenAsAFractionIsShownUnderTheClientsOwn() throws InterruptedException {
        EventStream stream = opened(new RequestId("77"));
        Sink sink = attach(stream, 0);
        assertThat(stream.receive(null, answer("77.0"))).isEqualTo(Received.RECORDED);
        harness.turn();
        assertThat(sink.messages).containsExactly(text(answer("77")));
    }

    @Test
    void whatAResumedUpstreamRepeatsIsDroppedUntilTheFirstNewEvent() throws InterruptedException {
        EventStream stream = session.standalone();
        stream.receive("u1", notification("a"));
        stream.receive("u2", notification("b"));
        allStored(stream);
        resumed(stream);
        assertThat(stream.receive("u1", notification("a"))).isEqualTo(Received.REPEATED);
        assertThat(stream.receive("u1x", new byte[0])).isEqualTo(Received.CURSOR_MOVED);
        assertThat(stream.receive("u2", notification("b"))).isEqualTo(Received.REPEATED);
        assertThat(stream.receive("u3", notification("c"))).isEqualTo(Received.RECORDED);
        assertThat(stream.receive("u1", notification("d")))
                .as("no repeat any more")
                .isEqualTo(Received.RECORDED);
        assertThat(stream.newest()).isEqualTo(4);
    }

    @Test
    void anUpstreamThatRepeatsEverythingDoublesNothingHoweverMuchItSent() throws InterruptedException {
        EventStream stream = stored(1_000);
        resumed(stream);
        sent(stream, 1, 1_003);
        allStored(stream);
        assertThat(harness.store.read(ID, 0, 0, 2_000, Long.MAX_VALUE))
                .extracting(Event::upstreamId)
                .containsExactlyElementsOf(
                        IntStream.rangeClosed(1, 1_003).mapToObj(n -> "u" + n).toList());
    }

    @Test
    void whereSomeOfTheNewestWereRefusedOlderOnesAreLookedForAllTheSame() throws InterruptedException {
        EventStream stream = session.standalone();
        refuse(id -> id.equals("u250"));
        sent(stream, 1, 300);
        allStored(stream);
        resumed(stream);
        sent(stream, 1, 249);
        sent(stream, 251, 301);
        allStored(stream);
        List<String> once = new ArrayList<>(ids(1, 249));
        once.addAll(ids(251, 301));
        assertThat(recorded()).containsExactlyElementsOf(once);
    }

    @Test
    void anUpstreamThatRepeatsWhatAGapStandsForDoublesNothing() throws InterruptedException {
        stored(2);
        harness.store.append(List.of(gap(3, 400)));
        EventStream again = reopened();
        resumed(again);
        sent(again, 1, 401);
        allStored(again);
        assertThat(recorded()).hasSize(4).endsWith("u401 u401");
    }

    @Test
    void whatRetentionTookBeforeAGapMakesNobodyTakeTheRestForNew() throws InterruptedException {
        stored(2);
        harness.store.append(List.of(gap(3, 50), new TrimStream(ID, 0, 2)));
        EventStream again = reopened();
        resumed(again);
        sent(again, 1, 51);
        allStored(again);
        assertThat(recorded()).containsExactly("u50 gap", "u1 u1", "u2 u2", "u2 told", "u51 u51");
    }

    @Test
    void whatTheStoreRefusedBeforeAGapIsNotTakenForAPartOfIt() throws InterruptedException {
        EventStream stream = session.standalone();
        refuse(id -> id.equals("u3"));
        sent(stream, 1, 3);
        allStored(stream);
        List<Event> shown = IntStream.rangeClosed(4, 50)
                .mapToObj(n -> new Event(n, 0, 1, false, "u" + n, notification("u" + n)))
                .toList();
        harness.store.append(List.of(new AppendEvent(ID, 0, Event.gapOf(shown))));
        harness.store.heal();
        EventStream again = new EventStream(session, harness.store.stream(ID, 0).orElseThrow(), 0);
        session.attached(again);
        resumed(again);
        sent(again, 1, 51);
        allStored(again);
        assertThat(recorded()).containsExactly("u1 u1", "u2 u2", "u50 gap", "u3 u3", "u3 told", "u51 u51");
    }

    @Test
    void aRepeatThatNobodyRemembersIsToldAndWhatTheStoreHasIsStillDropped() throws InterruptedException {
        EventStream stream = stored(600);
        harness.store.append(List.of(new TrimStream(ID, 0, 200)));
        resumed(stream);
        sent(stream, 1, 601);
        allStored(stream);
        List<String> shown = new ArrayList<>(ids(201, 600));
        shown.addAll(ids(1, 200));
        shown.add("u200 told");
        shown.addAll(ids(601, 601));
        assertThat(recorded()).containsExactlyElementsOf(shown);
    }

    @Test
    void aRepeatOfWhatTheStoreRefusedIsTakenAndDoublesNothingElse() throws InterruptedException {
        EventStream stream = session.standalone();
        refuse(id -> id.equals("u5") || id.equals("u300"));
        sent(stream, 1, 300);
        allStored(stream);
        harness.store.heal();
        resumed(stream);
        sent(stream, 1, 301);
        allStored(stream);
        assertThat(recorded())
                .doesNotHaveDuplicates()
                .endsWith("u299 u299", "u5 u5", "u5 told", "u300 u300", "u301 u301")
                .hasSize(298 + 4);
    }

    @Test
    void anUpstreamThatBeginsWhereItWasAskedCausesNoAlarmThoughMuchWasTrimmed() throws InterruptedException {
        EventStream stream = stored(20);
        harness.store.append(List.of(new TrimStream(ID, 0, 20)));
        resumed(stream);
        sent(stream, 21, 25);
        allStored(stream);
        assertThat(recorded()).containsExactlyElementsOf(ids(21, 25));
        resumed(stream);
        sent(stream, 20, 26);
        allStored(stream);
        assertThat(recorded())
                .as("retention took it, but not the cursor")
                .startsWith("u21 u21")
                .endsWith("u26 u26");
    }

    @Test
    void aReplayThatIsSlightlyOutOfOrderDoublesNothingEither() throws InterruptedException {
        EventStream stream = stored(600);
        resumed(stream);
        for (int n = 1; n <= 600; n += 3) {
            sent(stream, n + 2, n + 2);
            sent(stream, n, n + 1);
        }
        sent(stream, 601, 601);
        assertThat(stream.newest()).isEqualTo(601);
    }

    @Test
    void anUpstreamThatBeginsWhereItWasAskedLosesNothingAfterMuch() throws InterruptedException {
        EventStream stream = stored(1_000);
        resumed(stream);
        sent(stream, 1_001, 1_002);
        sent(stream, 5, 5);
        assertThat(stream.newest()).as("no repeat any more").isEqualTo(1_003);
    }

    @Test
    void idsOfAnOlderGenerationAreNoRepeats() throws InterruptedException {
        EventStream stream = session.standalone();
        sent(stream, 1, 100);
        session.change(now -> now.withUpstreamSession("second", null), dev.shadowcat.persist.Completion.NOBODY);
        session.regenerated();
        long before = stream.newest();
        sent(stream, 1, 1);
        allStored(stream);
        resumed(stream);
        sent(stream, 1, 3);
        assertThat(stream.newest()).isEqualTo(before + 3);
    }

    /** The standalone stream, whose upstream has sent the events u1 to this one; the store has them. */
    private EventStream stored(int last) throws InterruptedException {
        EventStream stream = session.standalone();
        sent(stream, 1, last);
        allStored(stream);
        return stream;
    }

    /** In the place of these events of the standalone stream. */
    private static AppendEvent gap(int first, int last) {
        List<Event> events = IntStream.rangeClosed(first, last)
                .mapToObj(n -> new Event(n, 0, 1, false, "u" + n, notification("u" + n)))
                .toList();
        return new AppendEvent(ID, 0, Event.gapOf(events));
    }

    /** The standalone stream as the store has it. */
    private EventStream reopened() {
        EventStream again = new EventStream(session, harness.store.stream(ID, 0).orElseThrow(), 0);
        session.attached(again);
        return again;
    }

    private void allStored(EventStream stream) throws InterruptedException {
        while (stream.stored() < stream.newest()) {
            harness.turn();
        }
    }

    private void resumed(EventStream stream) {
        stream.upstreamResumed(NewestEvents.read(harness.store, ID, stream.number(), stream.newest()));
    }

    private List<String> recorded() {
        return harness.store.read(ID, 0, 0, 2_000, Long.MAX_VALUE).stream()
                .map(event -> event.upstreamId() + " " + said(event))
                .toList();
    }

    private static String said(Event event) {
        String json = new String(event.message(), StandardCharsets.UTF_8);
        return event.gap()
                ? "gap"
                : json.contains("come twice") ? "told" : json.replaceAll(".*\"says\":\"(\\w+)\".*", "$1");
    }

    private static List<String> ids(int first, int last) {
        return IntStream.rangeClosed(first, last)
                .mapToObj(n -> "u" + n + " u" + n)
                .toList();
    }

    private void refuse(Predicate<String> upstreamId) {
        harness.store.refuseByName(write -> write instanceof AppendEvent append
                && upstreamId.test(String.valueOf(append.event().upstreamId())));
    }

    /** The upstream sends the events with these ids; one that may be a repeat is received again when the store was asked. */
    private void sent(EventStream stream, int first, int last) {
        for (int n = first; n <= last; n++) {
            String id = "u" + n;
            byte[] message = notification(id);
            if (stream.receive(id, message) == Received.UNCERTAIN) {
                boolean[] asked = new boolean[1];
                stream.lookUp(id, () -> asked[0] = true);
                harness.settle();
                assertThat(asked[0]).isTrue();
                assertThat(stream.receive(id, message)).isNotEqualTo(Received.UNCERTAIN);
            }
        }
    }

    @Test
    void anUpstreamCursorOfAnOldGenerationIsForgottenForGood() throws InterruptedException {
        EventStream stream = session.standalone();
        stream.receive("u1", notification("a"));
        harness.turn();
        session.change(now -> now.withUpstreamSession("second", null), dev.shadowcat.persist.Completion.NOBODY);
        session.regenerated();
        harness.turn();
        assertThat(harness.store.stream(ID, 0).orElseThrow().upstreamCursor()).isEmpty();
        EventStream known = new EventStream(session, harness.store.stream(ID, 0).orElseThrow(), 0);
        assertThat(known.upstreamCursor()).isNull();
    }

    @Test
    void noNumberIsGivenAgainAfterPowerCuts() throws InterruptedException {
        EventStream stream = session.standalone();
        stream.receive(null, notification("a"));
        harness.turn();
        harness.store.sync();
        harness.store.crash();
        SessionHarness.Plain once = reloaded();
        long first = once.standalone().newest();
        assertThat(first).isEqualTo(1 + Session.LEAP);
        assertThat(once.standalone().lost(2)).isTrue();
        assertThat(once.standalone().lost(1)).isFalse();
        assertThat(once.standalone().lost(first)).isFalse();
        assertThat(reloaded().standalone().newest())
                .as("it wrote nothing meanwhile")
                .isEqualTo(first);
        harness.store.crash();
        assertThat(reloaded().standalone().newest()).isEqualTo(1 + 2 * Session.LEAP);
    }

    private Plain reloaded() throws InterruptedException {
        return new Plain(
                harness.services(), harness.loop, harness.store.session(ID).orElseThrow(), harness.store.streams(ID));
    }

    @Test
    void aStreamWhoseAnswerWasRefusedHasNotEndedForWhoeverIsKilledThen() throws InterruptedException {
        EventStream stream = opened(new RequestId("1"));
        harness.store.refuse(write -> write instanceof AppendEvent append
                && append.event().answer()
                && new String(append.event().message(), StandardCharsets.UTF_8).contains("result"));
        stream.receive(null, answer("1"));
        harness.worker.turn(); // the refusal is known to nobody else yet
        assertThat(phase(stream)).isEqualTo(Phase.OPEN);
        harness.turn();
        harness.turn();
        assertThat(phase(stream)).as("with the error in its place").isEqualTo(Phase.FINISHED);
        assertThat(harness.store.read(ID, stream.number(), 0, 10, 1 << 20))
                .extracting(Event::sequence)
                .containsExactly(2L);
    }

    @Test
    void theErrorInThePlaceOfAnAnswerIsWrittenForItsRequest() throws InterruptedException {
        SpanIdentity span = new SpanIdentity(1, 2, 3);
        Operation followed = new Operation() {
            @Override
            public SpanIdentity span() {
                return span;
            }
        };
        Call call = session.begin(new RequestId("1"), "tools/call", null, followed);
        EventStream stream = session.openStream(List.of(call), () -> {});
        harness.turn();
        harness.store.refuse(write -> write instanceof AppendEvent append
                && new String(append.event().message(), StandardCharsets.UTF_8).contains("result"));
        stream.receive(null, answer("1"));
        harness.turn();
        harness.flushed.clear(); // what the answer itself was written for
        harness.turn();
        assertThat(phase(stream)).isEqualTo(Phase.FINISHED);
        assertThat(harness.flushed).containsOnly(span);
    }

    @Test
    void aStreamWhoseErrorIsRefusedTooEndsAllTheSame() throws InterruptedException {
        EventStream stream = opened(new RequestId("1"));
        harness.store.refuseByName(write -> write instanceof AppendEvent);
        stream.receive(null, answer("1"));
        for (int i = 0; i < 5; i++) {
            harness.turn();
        }
        assertThat(phase(stream)).isEqualTo(Phase.FINISHED);
    }

    @Test
    void aCursorAmongSkippedNumbersIsToldOfAGapForAsLongAsTheStreamIsKept() throws InterruptedException {
        EventStream stream = opened(new RequestId("1"));
        stream.receive(null, notification("a"));
        harness.turn();
        harness.store.sync();
        stream.receive(null, notification("lost once a client had it as 2, and 3"));
        stream.receive(null, notification("likewise"));
        harness.turn();
        harness.store.crash();
        int number = stream.number();
        SessionHarness second = new SessionHarness(100, harness.store);
        EventStream again = Objects.requireNonNull(second.find(ID).orElseThrow().stream(number));
        again.receive(null, notification("sent again by the upstream"));
        again.receive(null, answer(upstreamIdOf(again)));
        second.turn();
        long first = 1 + Session.LEAP + 1;
        assertThat(Resumption.skippedThrough(harness.store, ID, number, 0)).isZero();
        assertThat(Resumption.skippedThrough(harness.store, ID, number, 1))
                .as("it is there")
                .isZero();
        assertThat(Resumption.skippedThrough(harness.store, ID, number, 2)).isEqualTo(first - 1);
        assertThat(Resumption.skippedThrough(harness.store, ID, number, first - 1))
                .as("what a client is given that is told")
                .isZero();
        assertThat(Resumption.skippedThrough(harness.store, ID, number, first)).isZero();
        assertThat(Resumption.skippedThrough(harness.store, ID, number, first + 1))
                .as("the last")
                .isZero();
        EventStream ended = second.find(ID)
                .orElseThrow()
                .recall(harness.store.stream(ID, number).orElseThrow());
        assertThat(Resumption.of(ended, 2, first - 1)).isEqualTo(new Resumption.Gap(first - 1, true));
        assertThat(Resumption.of(ended, 1, 0)).isEqualTo(new Resumption.Whole(1));
    }

    private static String upstreamIdOf(EventStream stream) {
        return stream.open().getFirst().upstreamId().json();
    }

    @Test
    void aStreamWhoseEndIsRefusedAgainAndAgainLeavesMemoryAndHasEnded() throws InterruptedException {
        EventStream stream = opened(new RequestId("1"));
        harness.store.refuse(
                write -> write instanceof PutStream put && put.record().phase() != Phase.OPEN);
        Sink sink = attach(stream, 0);
        stream.receive(null, answer("1"));
        for (int i = 0; i < 5; i++) {
            harness.turn();
        }
        assertThat(sink.finished).isTrue();
        assertThat(session.stream(stream.number())).isNull();
        assertThat(phase(stream)).isEqualTo(Phase.OPEN);
        EventStream recalled =
                session.recall(harness.store.stream(ID, stream.number()).orElseThrow());
        assertThat(Resumption.of(recalled, 0, 0)).isEqualTo(new Resumption.Whole(0));
        assertThat(Resumption.of(recalled, 1, 0)).isEqualTo(new Resumption.Over());
        Sink late = attach(recalled, 0);
        harness.settle();
        assertThat(late.sequences).containsExactly(1L);
        assertThat(late.finished).isTrue();
        assertThat(session.stream(stream.number())).isNull();
    }

    private Phase phase(EventStream stream) {
        return harness.store.stream(ID, stream.number()).orElseThrow().record().phase();
    }

    @Test
    void anAnswerThatTheStoreHasIsOwedNoOther() throws InterruptedException {
        EventStream stream = opened(new RequestId("1"));
        stream.receive(null, notification("a"));
        stream.receive(null, answer("1"));
        harness.store.refuse(
                write -> write instanceof PutStream put && put.record().phase() != Phase.OPEN);
        harness.turn(); // as if the gateway had been killed in between
        harness.store.heal();
        harness.sessions.release(session);
        SessionHarness restarted = new SessionHarness(100, harness.store);
        Plain again = restarted.find(ID).orElseThrow();
        assertThat(again.pending()).isZero();
        restarted.turn();
        assertThat(restarted.store.stream(ID, stream.number())
                        .orElseThrow()
                        .record()
                        .phase())
                .isEqualTo(Phase.FINISHED);
        assertThat(restarted.store.stream(ID, stream.number()).orElseThrow().lastSequence())
                .isEqualTo(2);
    }
}
