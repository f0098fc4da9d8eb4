package dev.shadowcat.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.event.SpanIdentity;
import dev.shadowcat.session.NewestEvents;
import dev.shadowcat.session.Retention;
import dev.shadowcat.session.RetentionLimits;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import dev.shadowcat.store.StoreWrite.DeleteSession;
import dev.shadowcat.store.StoreWrite.DeleteStream;
import dev.shadowcat.store.StoreWrite.MoveUpstreamCursor;
import dev.shadowcat.store.StoreWrite.PutSessionState;
import dev.shadowcat.store.StoreWrite.TouchSession;
import dev.shadowcat.store.StoreWrite.TrimStream;
import dev.shadowcat.store.StoredSession;
import dev.shadowcat.store.StoredStream;
import dev.shadowcat.store.StreamRecord.Phase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every store has to do, whatever it is made of. A store earns its name by passing this. */
public abstract class EventStoreContract extends EventStoreModelContract {
    private static final SessionId ID = new SessionId(0x0123_4567_89AB_CDEFL, 0x0FED_CBA9_8765_4320L);
    private static final SessionId NEXT_ID = new SessionId(ID.high(), ID.low() + 1);
    private static final int ALL = Integer.MAX_VALUE;

    private StoreHome home;
    private EventStore store;

    @BeforeEach
    void openStore() throws Exception {
        home = newHome();
        store = home.open();
    }

    @AfterEach
    void closeStore() {
        store.close();
        home.close();
    }

    @Test
    void anEmptyStoreHoldsNothing() {
        assertThat(store.session(ID)).isEmpty();
        assertThat(store.streams(ID)).isEmpty();
        assertThat(store.stream(ID, 0)).isEmpty();
        assertThat(sequences(ID, 0)).isEmpty();
        assertThat(store.sessions(null, 10)).isEmpty();
        assertThat(store.bootEpoch()).isZero();
    }

    @Test
    void aSessionComesBackWhole() {
        StoreWrite.PutSession put = Writes.session(ID);
        append(put);
        assertThat(picture(store.session(ID).orElseThrow()))
                .isEqualTo(Pictures.session(put.record(), put.state(), put.activity()));
    }

    @Test
    void aSessionWithEverythingAbsentComesBackWhole() {
        StoreWrite.PutSession put =
                new StoreWrite.PutSession(Writes.record(ID), Writes.bareState(), new SessionActivity(0, 0));
        append(put);
        assertThat(picture(store.session(ID).orElseThrow()))
                .isEqualTo(Pictures.session(put.record(), put.state(), put.activity()));
    }

    @Test
    void stateAndActivityReplaceWhatWasThere() {
        append(Writes.session(ID));
        append(new PutSessionState(ID, Writes.state(2)), new TouchSession(ID, new SessionActivity(99, 17)));
        StoredSession stored = store.session(ID).orElseThrow();
        assertThat(stored.state()).isEqualTo(Writes.state(2));
        assertThat(stored.activity()).isEqualTo(new SessionActivity(99, 17));
    }

    @Test
    void aStreamsRecordIsReplacedAndItsEventsStay() {
        append(Writes.session(ID), Writes.stream(ID, 3), Writes.event(ID, 3, 1, "up-1"));
        append(Writes.stream(ID, 3, Phase.FINISHED));
        StoredStream stored = store.stream(ID, 3).orElseThrow();
        assertThat(stored.record())
                .isEqualTo(Writes.stream(ID, 3, Phase.FINISHED).record());
        assertThat(stored.lastSequence()).isEqualTo(1);
        assertThat(stored.upstreamCursor()).isEqualTo("up-1");
        assertThat(sequences(ID, 3)).containsExactly(1L);
    }

    @Test
    void aStreamKeepsTheRequestThatBeganIt() {
        append(Writes.session(ID), Writes.stream(ID, 3, new SpanIdentity(-1, Long.MIN_VALUE, 5)), Writes.stream(ID, 4));
        assertThat(store.stream(ID, 3).orElseThrow().record())
                .isEqualTo(Writes.stream(ID, 3, new SpanIdentity(-1, Long.MIN_VALUE, 5))
                        .record());
        assertThat(store.streams(ID))
                .extracting(each -> each.record().origin() != null)
                .containsExactly(true, false);
    }

    @Test
    void streamsComeInTheOrderOfTheirNumbers() {
        append(Writes.session(ID));
        int[] numbers = {300, 2, 0, 128, 127, 65_536, 1_000_000_007};
        for (int number : numbers) {
            append(Writes.stream(ID, number));
        }
        assertThat(store.streams(ID).stream().map(stream -> stream.record().number()))
                .containsExactly(0, 2, 127, 128, 300, 65_536, 1_000_000_007);
    }

    @Test
    void eventsComeBackWholeAndInOrder() {
        AppendEvent first = Writes.event(ID, 0, 1, "üpstream/1");
        AppendEvent second = Writes.answer(ID, 0, 2);
        append(Writes.session(ID), Writes.stream(ID, 0), first);
        append(second);
        assertThat(store.read(ID, 0, 0, ALL, Long.MAX_VALUE).stream().map(Pictures::event))
                .containsExactly(Pictures.event(first.event()), Pictures.event(second.event()));
    }

    @Test
    void readingBeginsAfterTheCursorAndCrossesHolesInTheNumbers() {
        appendEvents(ID, 0, 1, 2, 3, 1_000, 1_001);
        assertThat(sequences(0, 2)).containsExactly(3L, 1_000L, 1_001L);
        assertThat(sequences(0, 500)).containsExactly(1_000L, 1_001L);
        assertThat(sequences(0, 1_001)).isEmpty();
        assertThat(sequences(0, Long.MAX_VALUE)).isEmpty();
    }

    @Test
    void readingStopsAtEitherBoundButNeverBeforeTheFirstEvent() {
        appendEvents(ID, 0, 1, 2, 3, 4);
        int size = Writes.event(ID, 0, 1).event().bytes();
        assertThat(store.read(ID, 0, 0, 2, Long.MAX_VALUE)).hasSize(2);
        assertThat(store.read(ID, 0, 0, ALL, 1)).hasSize(1);
        assertThat(store.read(ID, 0, 0, ALL, size)).hasSize(1);
        assertThat(store.read(ID, 0, 0, ALL, size + 1)).hasSize(2);
        assertThat(store.read(ID, 0, 0, ALL, 0)).hasSize(1);
        assertThat(store.read(ID, 0, 0, 0, Long.MAX_VALUE)).isEmpty();
    }

    @Test
    void numbersAboveTheSmallOnesKeepTheirOrder() {
        long[] sequences = {127, 128, 255, 256, 65_535, 65_536, (1L << 32) - 1, 1L << 32, (1L << 32) + 1, Long.MAX_VALUE
        };
        for (int stream : new int[] {127, 128, 255, 256, 65_536, Integer.MAX_VALUE}) {
            appendEvents(ID, stream, sequences);
            assertThat(sequences(ID, stream)).containsExactly(boxed(sequences));
            assertThat(store.stream(ID, stream).orElseThrow().lastSequence()).isEqualTo(Long.MAX_VALUE);
            assertThat(sequences(stream, 1L << 32)).containsExactly((1L << 32) + 1, Long.MAX_VALUE);
        }
    }

    @Test
    void theSameBatchAgainChangesNothing() {
        List<StoreWrite> batch = List.of(
                Writes.session(ID),
                Writes.stream(ID, 1),
                Writes.event(ID, 1, 1, "a"),
                Writes.answer(ID, 1, 2),
                new MoveUpstreamCursor(ID, 1, 2, "b"),
                Writes.stream(ID, 1, Phase.FINISHED),
                Writes.event(ID, 1, 3, "c"),
                new TrimStream(ID, 1, 3),
                Writes.stream(ID, 2),
                Writes.event(ID, 2, 1),
                new DeleteStream(ID, 2),
                Writes.session(NEXT_ID),
                new DeleteSession(NEXT_ID));
        append(batch);
        List<String> once = Pictures.of(store);
        append(batch);
        assertThat(Pictures.of(store)).isEqualTo(once).isNotEmpty();
    }

    @Test
    void aRepeatedEventNeitherDoublesNorReturnsAfterItsRemoval() {
        appendEvents(ID, 0, 1, 2, 3);
        append(new TrimStream(ID, 0, 2));
        append(Writes.event(ID, 0, 1), Writes.event(ID, 0, 3));
        assertThat(sequences(ID, 0)).containsExactly(3L);
        assertThat(store.stream(ID, 0).orElseThrow().bytes())
                .isEqualTo(Writes.event(ID, 0, 3).event().bytes());
    }

    @Test
    void updatesBringNoSessionBack() {
        appendEvents(ID, 0, 1);
        append(new DeleteSession(ID));
        append(
                new TouchSession(ID, new SessionActivity(5, 5)),
                new PutSessionState(ID, Writes.state(3)),
                Writes.stream(ID, 0),
                Writes.event(ID, 0, 2),
                new MoveUpstreamCursor(ID, 0, 2, "late"),
                new TrimStream(ID, 0, 2));
        assertThat(Pictures.of(store)).isEmpty();
        assertThat(store.streams(ID)).isEmpty();
        assertThat(sequences(ID, 0)).isEmpty();

        append(Writes.session(ID), Writes.stream(ID, 0));
        assertThat(sequences(ID, 0)).isEmpty();
        assertThat(store.stream(ID, 0).orElseThrow().upstreamCursor()).isNull();
    }

    @Test
    void updatesBringNoSessionBackWithinOneBatch() {
        append(
                Writes.session(ID),
                new DeleteSession(ID),
                new TouchSession(ID, new SessionActivity(5, 5)),
                new PutSessionState(ID, Writes.state(3)),
                Writes.stream(ID, 0),
                Writes.event(ID, 0, 1));
        assertThat(Pictures.of(store)).isEmpty();
        assertThat(sequences(ID, 0)).isEmpty();
    }

    @Test
    void anEventBringsNoStreamBack() {
        appendEvents(ID, 4, 1, 2);
        append(new DeleteStream(ID, 4));
        append(Writes.event(ID, 4, 3), new MoveUpstreamCursor(ID, 4, 3, "late"), new TrimStream(ID, 4, 3));
        assertThat(store.stream(ID, 4)).isEmpty();
        assertThat(sequences(ID, 4)).isEmpty();
    }

    @Test
    void deletingASessionRemovesAllOfItAndNothingElse() {
        appendEvents(ID, 0, 1, 2);
        appendEvents(ID, 7, 1, 2);
        append(new MoveUpstreamCursor(ID, 7, 2, "x"), new TrimStream(ID, 7, 1));
        appendEvents(NEXT_ID, 0, 1, 2);
        append(new DeleteSession(ID));
        assertThat(store.session(ID)).isEmpty();
        assertThat(store.streams(ID)).isEmpty();
        assertThat(sequences(ID, 0)).isEmpty();
        assertThat(sequences(ID, 7)).isEmpty();
        assertThat(sequences(NEXT_ID, 0)).containsExactly(1L, 2L);
    }

    @Test
    void deletingAStreamRemovesAllOfItAndNothingElse() {
        appendEvents(ID, 1, 1, 2);
        appendEvents(ID, 2, 1, 2);
        appendEvents(ID, 3, 1, 2);
        append(new DeleteStream(ID, 2));
        assertThat(store.stream(ID, 2)).isEmpty();
        assertThat(sequences(ID, 2)).isEmpty();
        assertThat(sequences(ID, 1)).containsExactly(1L, 2L);
        assertThat(sequences(ID, 3)).containsExactly(1L, 2L);
        assertThat(store.streams(ID)).hasSize(2);
    }

    @Test
    void trimmingKeepsAnswersAndTheMarksOutliveTheEvents() {
        append(Writes.session(ID), Writes.stream(ID, 1));
        append(
                Writes.event(ID, 1, 1, "u1"),
                Writes.answer(ID, 1, 2),
                Writes.event(ID, 1, 3, "u3"),
                Writes.answer(ID, 1, 4));
        append(Writes.event(ID, 1, 5, "u5"));
        append(new TrimStream(ID, 1, 5));
        assertThat(sequences(ID, 1)).containsExactly(2L, 4L);
        StoredStream stored = store.stream(ID, 1).orElseThrow();
        assertThat(stored.trimmedThrough()).isEqualTo(5);
        assertThat(stored.lastSequence()).isEqualTo(5);
        assertThat(stored.upstreamCursor()).isEqualTo("u5");
        assertThat(stored.bytes())
                .isEqualTo(2L * Writes.answer(ID, 1, 2).event().bytes());
        assertThat(stored.answerBytes()).isEqualTo(stored.bytes());
        append(Writes.event(ID, 1, 6));
        assertThat(sequences(ID, 1)).containsExactly(2L, 4L, 6L);
        assertThat(store.stream(ID, 1).orElseThrow().upstreamCursor()).isEqualTo("u5");
    }

    @Test
    void whoReadsTheNewestEventsLearnsWhetherOlderOnesExist() {
        append(Writes.session(ID), Writes.stream(ID, 0), Writes.stream(ID, 1), Writes.stream(ID, 2));
        assertThat(newest(0, 0).whole()).isTrue();
        appendEvents(ID, 0, LongStream.rangeClosed(1, 100).toArray());
        assertThat(newest(0, 100).events()).hasSize(100);
        assertThat(newest(0, 100).whole()).as("they are all there were").isTrue();
        appendEvents(ID, 0, LongStream.rangeClosed(101, 200).toArray());
        assertThat(newest(0, 200).whole()).isFalse();
        appendEvents(ID, 1, LongStream.rangeClosed(1, 200).filter(n -> n != 150).toArray());
        assertThat(newest(1, 200).events()).as("one is missing among them").hasSizeLessThan(128);
        assertThat(newest(1, 200).whole()).isFalse();
        append(new TrimStream(ID, 1, 190));
        assertThat(newest(1, 200).whole()).as("retention took the others").isFalse();
        append(new TrimStream(ID, 1, 200));
        assertThat(newest(1, 200).whole()).isFalse();
        append(Writes.event(ID, 2, 1));
        append(new AppendEvent(
                ID,
                2,
                Event.gapOf(List.of(
                        Writes.event(ID, 2, 2).event(), Writes.event(ID, 2, 3).event()))));
        assertThat(newest(2, 3).whole()).as("a gap that knows its ids").isTrue();
        append(new TrimStream(ID, 2, 1));
        assertThat(newest(2, 3).whole()).as("retention took what was before it").isFalse();
        append(new AppendEvent(ID, 2, Event.gapOfUnknown(4, 0, 1)));
        assertThat(newest(2, 4).whole()).isFalse();
        assertThat(newest(2, 5).whole()).as("the newest was refused").isFalse();
    }

    @Test
    void theNewestEventsAreReadHoweverManyNumbersAGapAmongThemStandsFor() {
        append(Writes.session(ID), Writes.stream(ID, 0));
        appendEvents(ID, 0, LongStream.rangeClosed(1, 400).toArray());
        append(new AppendEvent(
                ID, 0, Event.gapOf(List.of(Writes.event(ID, 0, 700).event()))));
        appendEvents(ID, 0, LongStream.rangeClosed(701, 710).toArray());
        assertThat(newest(0, 710).events())
                .extracting(Event::sequence)
                .hasSize(128)
                .startsWith(284L)
                .endsWith(400L, 700L, 701L, 702L, 703L, 704L, 705L, 706L, 707L, 708L, 709L, 710L);
        assertThat(newest(0, 710).whole()).isFalse();
    }

    private NewestEvents newest(int stream, long sequence) {
        return NewestEvents.read(store, ID, stream, sequence);
    }

    @Test
    void trimmingLeavesNeighbouringStreamsAlone() {
        appendEvents(ID, 0, 1, 2);
        appendEvents(ID, 1, 1, 2, Long.MAX_VALUE);
        appendEvents(ID, 2, 1, 2);
        append(new TrimStream(ID, 1, Long.MAX_VALUE));
        assertThat(sequences(ID, 0)).containsExactly(1L, 2L);
        assertThat(sequences(ID, 1)).isEmpty();
        assertThat(sequences(ID, 2)).containsExactly(1L, 2L);
        assertThat(store.stream(ID, 1).orElseThrow().lastSequence()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void trimmingBeyondTheNewestEventMeansTheNewest() {
        appendEvents(ID, 0, 1, 2);
        append(new TrimStream(ID, 0, 100));
        append(Writes.event(ID, 0, 3));
        StoredStream stored = store.stream(ID, 0).orElseThrow();
        assertThat(stored.trimmedThrough()).isEqualTo(2);
        assertThat(sequences(ID, 0)).containsExactly(3L);
        append(new TrimStream(ID, 0, 1));
        assertThat(store.stream(ID, 0).orElseThrow().trimmedThrough()).isEqualTo(2);
    }

    @Test
    void appendingAndTrimmingMayShareABatch() {
        append(
                Writes.session(ID),
                Writes.stream(ID, 0),
                Writes.event(ID, 0, 1, "u1"),
                Writes.answer(ID, 0, 2),
                Writes.event(ID, 0, 3),
                new TrimStream(ID, 0, 2),
                Writes.event(ID, 0, 4));
        assertThat(sequences(ID, 0)).containsExactly(2L, 3L, 4L);
        StoredStream stored = store.stream(ID, 0).orElseThrow();
        assertThat(stored.upstreamCursor()).isEqualTo("u1");
        assertThat(stored.trimmedThrough()).isEqualTo(2);
        assertThat(stored.bytes()).isEqualTo(3L * Writes.event(ID, 0, 1).event().bytes());
        assertThat(stored.answerBytes())
                .isEqualTo(Writes.answer(ID, 0, 2).event().bytes());
    }

    @Test
    void retentionRemovesWhatIsOldAndAnAnswerOnlyWithItsStream() {
        append(Writes.session(ID), Writes.stream(ID, 0), Writes.stream(ID, 1), Writes.stream(ID, 2));
        append(Writes.event(ID, 0, 1), Writes.event(ID, 0, 5), Writes.event(ID, 0, 6));
        append(Writes.event(ID, 1, 1), Writes.answer(ID, 1, 5), Writes.stream(ID, 1, Phase.FINISHED));
        append(Writes.answer(ID, 2, 2), Writes.event(ID, 2, 3), Writes.answer(ID, 2, 6));
        append(Writes.stream(ID, 2, Phase.FINISHED));
        RetentionLimits limits = new RetentionLimits(Duration.ofSeconds(1), 100, 1 << 20, Duration.ofHours(1));

        applyRetention(limits, Writes.CREATED_AT + 1_000 + 5);

        assertThat(sequences(ID, 0)).containsExactly(6L);
        assertThat(store.stream(ID, 0).orElseThrow().trimmedThrough()).isEqualTo(5);
        assertThat(store.stream(ID, 1)).isEmpty();
        assertThat(sequences(ID, 2)).containsExactly(2L, 6L);
        assertThat(new Retention(store, limits).due(ID, Writes.CREATED_AT + 1_000 + 5))
                .isEmpty();
    }

    @Test
    void retentionRemovesTheOldestWhereASessionHoldsTooMuchButNoAnswer() {
        append(Writes.session(ID), Writes.stream(ID, 0), Writes.stream(ID, 1));
        append(Writes.event(ID, 0, 1), Writes.answer(ID, 0, 2), Writes.event(ID, 0, 3), Writes.event(ID, 0, 4));
        append(Writes.event(ID, 1, 1), Writes.answer(ID, 1, 2));
        long all = store.streams(ID).stream()
                .mapToLong(StoredStream::trimmableBytes)
                .sum();
        int one = Writes.event(ID, 0, 1).event().bytes();

        applyRetention(bytes(all), Writes.CREATED_AT);
        assertThat(sequences(ID, 0)).containsExactly(1L, 2L, 3L, 4L);
        applyRetention(bytes(all - one - 1), Writes.CREATED_AT);
        assertThat(sequences(ID, 0)).containsExactly(2L, 4L);
        assertThat(sequences(ID, 1)).containsExactly(1L, 2L);
        applyRetention(bytes(1), Writes.CREATED_AT);
        assertThat(sequences(ID, 0)).containsExactly(2L);
        assertThat(sequences(ID, 1)).containsExactly(2L);
    }

    private static RetentionLimits bytes(long bytesPerSession) {
        return new RetentionLimits(Duration.ofHours(1), 100, bytesPerSession, Duration.ofHours(1));
    }

    private void applyRetention(RetentionLimits limits, long nowMillis) {
        append(new Retention(store, limits).due(ID, nowMillis));
    }

    @Test
    void theLaterOfEventAndMoveSaysWhereTheUpstreamIs() {
        append(Writes.session(ID), Writes.stream(ID, 0));
        assertThat(cursor()).isNull();
        append(new MoveUpstreamCursor(ID, 0, 0, "m0"));
        assertThat(cursor()).isEqualTo("m0");
        append(Writes.event(ID, 0, 1, "e1"));
        assertThat(cursor()).isEqualTo("e1");
        append(new MoveUpstreamCursor(ID, 0, 1, "m1"));
        assertThat(cursor()).isEqualTo("m1");
        append(new MoveUpstreamCursor(ID, 0, 1, "m1b"));
        assertThat(cursor()).isEqualTo("m1b");
        append(Writes.event(ID, 0, 2));
        assertThat(cursor()).as("an event without an upstream id moves nothing").isEqualTo("m1b");
        append(Writes.event(ID, 0, 3, "e3"), new MoveUpstreamCursor(ID, 0, 2, "older"));
        assertThat(cursor()).isEqualTo("e3");
        append(new TrimStream(ID, 0, 3));
        assertThat(cursor()).isEqualTo("e3");
    }

    @Test
    void anIdleSessionExpiresWhole() {
        appendEvents(ID, 0, 1, 2);
        append(new TouchSession(ID, new SessionActivity(1_000, 0)));
        assertThat(store.expire(ID, 999)).isFalse();
        assertThat(store.session(ID)).isPresent();
        assertThat(store.expire(ID, 1_000)).isTrue();
        assertThat(store.session(ID)).isEmpty();
        assertThat(store.streams(ID)).isEmpty();
        assertThat(sequences(ID, 0)).isEmpty();
        assertThat(store.expire(ID, 1_000)).isFalse();
        append(new TouchSession(ID, new SessionActivity(2_000, 0)), Writes.event(ID, 0, 3));
        assertThat(Pictures.of(store)).isEmpty();
    }

    @Test
    void anExpiryNeverFallsBetweenATouchAndWhatFollowsInItsBatch() throws Exception {
        try (ExecutorService other = Executors.newSingleThreadExecutor()) {
            for (int round = 0; round < 200; round++) {
                SessionId id = new SessionId(round, 0);
                append(Writes.session(id), Writes.stream(id, 0), new TouchSession(id, new SessionActivity(1, 0)));
                CountDownLatch start = new CountDownLatch(1);
                Future<Boolean> expired = other.submit(() -> {
                    start.await();
                    return store.expire(id, 1);
                });
                start.countDown();
                append(new TouchSession(id, new SessionActivity(2, 0)), Writes.event(id, 0, 1));
                assertThat(store.session(id).isPresent()).isEqualTo(!expired.get());
                assertThat(store.read(id, 0, 0, ALL, Long.MAX_VALUE)).hasSize(expired.get() ? 0 : 1);
            }
        }
    }

    @Test
    void sessionsArePagedInTheOrderOfTheirIds() {
        List<SessionId> ids = new ArrayList<>(List.of(
                new SessionId(0, 0),
                new SessionId(0, 1),
                new SessionId(1, -1),
                new SessionId(Long.MAX_VALUE, Long.MAX_VALUE),
                new SessionId(Long.MIN_VALUE, 0),
                new SessionId(-1, Long.MIN_VALUE),
                new SessionId(-1, -1)));
        List<SessionId> sorted = ids.stream().sorted().toList();
        ids.reversed().forEach(id -> appendEvents(id, 0, 1));
        for (int limit = 1; limit <= ids.size() + 1; limit++) {
            List<SessionId> paged = new ArrayList<>();
            List<StoredSession> page = store.sessions(null, limit);
            while (!page.isEmpty()) {
                assertThat(page).hasSizeLessThanOrEqualTo(limit);
                page.forEach(session -> paged.add(session.record().id()));
                page = store.sessions(paged.getLast(), limit);
            }
            assertThat(paged).isEqualTo(sorted);
        }
        assertThat(store.sessions(null, 0)).isEmpty();
    }

    @Test
    void neighboursInTheKeySpaceNeverMix() {
        List<SessionId> ids = List.of(
                new SessionId(0, 0),
                new SessionId(0, 1),
                ID,
                NEXT_ID,
                new SessionId(ID.high(), -1),
                new SessionId(ID.high() + 1, 0),
                new SessionId(-1, -2),
                new SessionId(-1, -1));
        int[] streams = {0, 255, 256, Integer.MAX_VALUE};
        for (SessionId id : ids) {
            for (int stream : streams) {
                appendEvents(id, stream, 1, 255, 256, Long.MAX_VALUE);
            }
        }
        List<SessionId> left = new ArrayList<>(ids);
        for (SessionId victim : List.of(ids.get(0), ids.get(4), ids.get(7), ids.get(2))) {
            append(new DeleteSession(victim));
            left.remove(victim);
            for (SessionId id : ids) {
                for (int stream : streams) {
                    assertThat(sequences(id, stream)).hasSize(left.contains(id) ? 4 : 0);
                }
            }
        }
        for (SessionId id : left) {
            for (Event event : store.read(id, 255, 0, ALL, Long.MAX_VALUE)) {
                assertThat(event.message()).isEqualTo(Writes.message(id, 255, event.sequence()));
            }
        }
    }

    @Test
    void aLargeEventComesBackByteForByte() {
        byte[] message = new byte[4 * 1024 * 1024];
        new Random(1).nextBytes(message);
        append(Writes.session(ID), Writes.stream(ID, 0), Writes.event(ID, 0, 1));
        append(new AppendEvent(ID, 0, new Event(2, 1, 1, true, "u", message)));
        append(Writes.event(ID, 0, 3));
        List<Event> events = store.read(ID, 0, 0, ALL, Long.MAX_VALUE);
        assertThat(events).extracting(Event::sequence).containsExactly(1L, 2L, 3L);
        assertThat(Arrays.equals(events.get(1).message(), message)).isTrue();
        assertThat(store.read(ID, 0, 0, ALL, 1024)).hasSize(2);
    }

    @Test
    void aLargeBatchIsStoredWhole() {
        List<StoreWrite> batch = new ArrayList<>(List.of(Writes.session(ID)));
        for (int stream = 0; stream < 300; stream++) {
            batch.add(Writes.stream(ID, stream));
            for (int sequence = 1; sequence <= 20; sequence++) {
                batch.add(Writes.event(ID, stream, sequence));
            }
        }
        append(batch);
        for (int stream = 0; stream < 300; stream++) {
            append(Writes.event(ID, stream, 21));
            assertThat(sequences(ID, stream)).hasSize(21);
        }
    }

    @Test
    void anEmptyBatchIsStored() {
        append(List.of());
        assertThat(Pictures.of(store)).isEmpty();
    }

    @Test
    void readersSeeWholeBatchesWhileTheyAreAppended() throws Exception {
        int batches = 300;
        int perBatch = 10;
        append(Writes.session(ID), Writes.stream(ID, 0), Writes.stream(ID, 1));
        AtomicLong stored = new AtomicLong();
        try (ExecutorService readers = Executors.newFixedThreadPool(2)) {
            Runnable reading = () -> {
                long seen = 0;
                while (seen < (long) batches * perBatch) {
                    long atLeast = stored.get();
                    List<Event> events = store.read(ID, 0, 0, ALL, Long.MAX_VALUE);
                    assertThat(events.size() % perBatch).isZero();
                    assertThat((long) events.size()).isGreaterThanOrEqualTo(Math.max(atLeast, seen));
                    for (int i = 0; i < events.size(); i++) {
                        assertThat(events.get(i).sequence()).isEqualTo(i + 1);
                    }
                    seen = events.size();
                    StoredStream stream = store.stream(ID, 0).orElseThrow();
                    assertThat(stream.lastSequence() % perBatch).isZero();
                    assertThat(stream.lastSequence()).isGreaterThanOrEqualTo(seen);
                }
            };
            Future<?> first = readers.submit(reading);
            Future<?> second = readers.submit(reading);
            long sequence = 0;
            for (int batch = 0; batch < batches; batch++) {
                List<StoreWrite> writes = new ArrayList<>();
                for (int i = 0; i < perBatch; i++) {
                    sequence++;
                    writes.add(Writes.event(ID, 0, sequence));
                    writes.add(Writes.event(ID, 1, sequence));
                }
                append(writes);
                stored.set(sequence);
            }
            first.get();
            second.get();
        }
    }

    @Test
    void readersNeverSeeATrimHalfDone() throws Exception {
        appendEvents(ID, 0, 1);
        int rounds = 300;
        try (ExecutorService readers = Executors.newSingleThreadExecutor()) {
            Future<?> reading = readers.submit(() -> {
                long seen = 0;
                while (seen < rounds) {
                    StoredStream stream = store.stream(ID, 0).orElseThrow();
                    assertThat(stream.lastSequence()).isGreaterThanOrEqualTo(Math.max(seen, 1));
                    assertThat(stream.trimmedThrough()).isBetween(stream.lastSequence() - 1, stream.lastSequence());
                    seen = stream.lastSequence();
                }
            });
            append(new TrimStream(ID, 0, 1));
            for (long sequence = 2; sequence <= rounds; sequence++) {
                append(Writes.event(ID, 0, sequence));
                append(new TrimStream(ID, 0, sequence));
            }
            reading.get();
        }
    }

    @Test
    void theCredentialKeyIsOneStoresOwn() throws Exception {
        byte[] key = store.credentialKey();
        assertThat(key).hasSize(32);
        assertThat(store.credentialKey()).isEqualTo(key);
        key[0]++;
        assertThat(store.credentialKey()).as("a copy is handed out").isNotEqualTo(key);
        try (StoreHome another = newHome();
                EventStore other = another.open()) {
            assertThat(other.credentialKey()).isNotEqualTo(store.credentialKey());
        }
    }

    @Test
    void everythingIsThereAgainAfterReopening() {
        appendEvents(ID, 0, 1, 2, 3);
        append(Writes.stream(ID, 5), Writes.event(ID, 5, 1, "u1"), Writes.answer(ID, 5, 2));
        append(new TrimStream(ID, 0, 2), new MoveUpstreamCursor(ID, 0, 3, "m3"));
        appendEvents(NEXT_ID, 0, 1);
        append(new DeleteSession(NEXT_ID));
        List<String> before = Pictures.of(store);
        byte[] key = store.credentialKey();
        store.close();
        store = home.open();
        if (!home.remembers()) {
            assertThat(Pictures.of(store)).isEmpty();
            return;
        }
        assertThat(Pictures.of(store)).isEqualTo(before);
        assertThat(store.credentialKey()).isEqualTo(key);
        assertThat(store.bootEpoch()).isZero();
        append(Writes.event(ID, 0, 3), Writes.event(ID, 0, 4));
        assertThat(sequences(ID, 0)).containsExactly(3L, 4L);
    }

    @Test
    void syncingAndClosingMayBeRepeated() {
        store.sync();
        appendEvents(ID, 0, 1);
        store.sync();
        store.sync();
        assertThat(sequences(ID, 0)).containsExactly(1L);
        store.close();
        store.close();
    }

    private void append(StoreWrite... batch) {
        append(List.of(batch));
    }

    private void append(List<StoreWrite> batch) {
        assertThat(store.append(batch)).isEqualTo(AppendOutcome.Stored.ALL);
    }

    /** Appends events without upstream ids, each in a batch of its own, to a stream that is made where it is missing. */
    private void appendEvents(SessionId id, int stream, long... sequences) {
        if (store.session(id).isEmpty()) {
            append(Writes.session(id));
        }
        if (store.stream(id, stream).isEmpty()) {
            append(Writes.stream(id, stream));
        }
        for (long sequence : sequences) {
            append(Writes.event(id, stream, sequence));
        }
    }

    private List<Long> sequences(SessionId id, int stream) {
        return store.read(id, stream, 0, ALL, Long.MAX_VALUE).stream()
                .map(Event::sequence)
                .toList();
    }

    private List<Long> sequences(int stream, long after) {
        return store.read(ID, stream, after, ALL, Long.MAX_VALUE).stream()
                .map(Event::sequence)
                .toList();
    }

    private @Nullable String cursor() {
        return store.stream(ID, 0).orElseThrow().upstreamCursor();
    }

    private static String picture(StoredSession session) {
        return Pictures.session(session.record(), session.state(), session.activity());
    }

    private static Long[] boxed(long[] values) {
        return Arrays.stream(values).boxed().toArray(Long[]::new);
    }
}
