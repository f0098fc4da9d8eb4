package dev.shadowcat.session;

import static dev.shadowcat.session.SessionHarness.ID;
import static dev.shadowcat.session.SessionHarness.answer;
import static dev.shadowcat.session.SessionHarness.attach;
import static dev.shadowcat.session.SessionHarness.notification;
import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.Event;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.session.SessionHarness.Plain;
import dev.shadowcat.session.SessionHarness.Sink;
import dev.shadowcat.store.StoredStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The bytes that a session may have in the store bound it while its events come, and not only when somebody looks. */
class SizeRetentionTest {
    private static final long LIMIT = 64 << 10;
    private static final String KILOBYTE = "x".repeat(1_000);

    private final SessionHarness harness = new SessionHarness(
            new RetentionLimits(Duration.ofHours(1), Long.MAX_VALUE / 2, LIMIT, Duration.ofHours(1)));
    private Plain session;

    @BeforeEach
    void begin() throws InterruptedException {
        session = harness.create(ID);
    }

    private long stored() {
        return harness.store.streams(ID).stream().mapToLong(StoredStream::bytes).sum();
    }

    private List<Long> sequences(EventStream stream) {
        return harness.store.read(ID, stream.number(), 0, 10_000, Long.MAX_VALUE).stream()
                .map(Event::sequence)
                .toList();
    }

    @Test
    void aStreamThatGoesOnForLongKeepsWithinThemByAnEighth() throws InterruptedException {
        EventStream stream = session.standalone();
        for (int n = 0; n < 1_000; n++) {
            stream.receive(null, notification(KILOBYTE));
            harness.turn();
            assertThat(stored()).isLessThanOrEqualTo(LIMIT + LIMIT / 8);
        }
        assertThat(stored()).as("and no more goes than has to").isGreaterThan(LIMIT - 2_000);
        assertThat(sequences(stream)).last().isEqualTo(1_000L);
    }

    @Test
    void whoComesBackAfterwardsIsToldOfTheGap() throws InterruptedException {
        EventStream stream = session.standalone();
        for (int n = 0; n < 100; n++) {
            stream.receive(null, notification(KILOBYTE));
            harness.turn();
        }
        assertThat(Resumption.of(stream, 1, 0)).isEqualTo(new Resumption.Gap(1, false));
        assertThat(Resumption.of(stream, 99, 0)).isEqualTo(new Resumption.Whole(99));
        Sink sink = attach(stream, 1);
        harness.settle();
        assertThat(sink.notices).anyMatch(notice -> notice.contains("no longer kept"));
        assertThat(sink.sequences).containsExactlyElementsOf(sequences(stream));
    }

    @Test
    void theOldestStreamGoesFirstButForItsAnswer() throws InterruptedException {
        EventStream call = session.openStream(List.of(session.begin(new RequestId("1"), "tools/call", null)), () -> {});
        for (int n = 0; n < 10; n++) {
            call.receive(null, notification(KILOBYTE));
        }
        call.receive(null, answer("1"));
        harness.turn();
        harness.nowMillis += 1_000;
        EventStream stream = session.standalone();
        for (int n = 0; n < 55; n++) {
            stream.receive(null, notification(KILOBYTE));
            harness.turn();
        }
        assertThat(sequences(call)).contains(11L).doesNotContain(1L);
        assertThat(sequences(stream)).hasSize(55);
    }

    @Test
    void theUpstreamIsNotReadWhileTheStoreIsLookedAtForLong() throws InterruptedException {
        EventStream stream = session.standalone();
        boolean[] again = new boolean[1];
        int sent = 0;
        while (!session.blocked() && sent < 200) {
            stream.receive(null, notification(KILOBYTE));
            sent++;
            harness.worker.turn();
            harness.loop.runAll(); // and no read ends
        }
        assertThat(session.blocked()).isTrue();
        assertThat(stored()).isLessThanOrEqualTo(LIMIT + LIMIT / 8 + 2_000);
        assertThat(session.busy()).as("else what it finds comes to nobody").isTrue();
        session.whenRoom(() -> again[0] = true);
        harness.turn();
        assertThat(again[0]).isTrue();
        assertThat(session.blocked()).isFalse();
        assertThat(stored()).isLessThanOrEqualTo(LIMIT);
        assertThat(sequences(stream)).last().isEqualTo((long) sent);
    }

    private void callAndAnswer() {
        EventStream call = session.openStream(List.of(session.begin(new RequestId("1"), "tools/call", null)), () -> {});
        call.receive(
                null,
                ("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"x\":\"" + KILOBYTE + "\"}}")
                        .getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void answersTakeNothingFromTheOtherEvents() throws InterruptedException {
        for (int n = 0; n < 100; n++) {
            callAndAnswer();
            harness.turn();
        }
        assertThat(stored()).isGreaterThan(LIMIT);
        EventStream stream = session.standalone();
        for (int n = 0; n < 200; n++) {
            stream.receive(null, notification(KILOBYTE));
            harness.turn();
        }
        long events = harness.store.stream(ID, 0).orElseThrow().bytes();
        assertThat(events).isBetween(LIMIT - 2_000, LIMIT + LIMIT / 8);
        assertThat(sequences(stream)).last().isEqualTo(200L);
    }

    @Test
    void aSessionThatComesBackWithManyAnswersIsNotLookedAtForThem() throws InterruptedException {
        for (int n = 0; n < 100; n++) {
            callAndAnswer();
            harness.turn();
        }
        Plain again = new Plain(
                harness.services(), harness.loop, harness.store.session(ID).orElseThrow(), harness.store.streams(ID));
        EventStream stream = again.standalone();
        for (int n = 0; n < 50; n++) {
            stream.receive(null, notification(KILOBYTE));
            harness.worker.turn();
            harness.loop.runAll();
            assertThat(harness.reads).isEmpty();
        }
    }

    @Test
    void answersAloneAreNeverLookedFor() throws InterruptedException {
        for (int n = 0; n < 200; n++) {
            callAndAnswer();
            harness.worker.turn();
            harness.loop.runAll();
            assertThat(harness.reads).isEmpty();
        }
        assertThat(stored()).isGreaterThan(2 * LIMIT);
    }

    @Test
    void aSessionThatComesBackCountsWhatTheStoreHasOfIt() throws InterruptedException {
        EventStream stream = session.standalone();
        for (int n = 0; n < 50; n++) {
            stream.receive(null, notification(KILOBYTE));
        }
        harness.turn();
        Plain again = new Plain(
                harness.services(), harness.loop, harness.store.session(ID).orElseThrow(), harness.store.streams(ID));
        for (int n = 0; n < 60; n++) {
            again.standalone().receive(null, notification(KILOBYTE));
            harness.turn();
            assertThat(stored()).isLessThanOrEqualTo(LIMIT + LIMIT / 8);
        }
    }

    @Test
    void aStoreThatCannotBeReadStopsNobody() throws InterruptedException {
        EventStream stream = session.standalone();
        harness.refusesReads = true;
        for (int n = 0; n < 100; n++) {
            stream.receive(null, notification(KILOBYTE));
            harness.turn();
            assertThat(session.blocked()).isFalse();
        }
        assertThat(stored()).isGreaterThan(LIMIT + LIMIT / 8);
        harness.refusesReads = false;
        for (int n = 0; n < 5; n++) {
            stream.receive(null, notification(KILOBYTE));
            harness.turn();
        }
        assertThat(stored()).isLessThanOrEqualTo(LIMIT + LIMIT / 8);
    }
}
