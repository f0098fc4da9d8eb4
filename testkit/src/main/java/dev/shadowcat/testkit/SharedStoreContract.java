package dev.shadowcat.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.NodeIdentity;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.store.SharedStore.Claim;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoreWrite.DeleteSession;
import dev.shadowcat.store.StoreWrite.DeleteStream;
import dev.shadowcat.store.StoreWrite.MoveUpstreamCursor;
import dev.shadowcat.store.StoreWrite.PutSessionState;
import dev.shadowcat.store.StoreWrite.TouchSession;
import dev.shadowcat.store.StoreWrite.TrimStream;
import dev.shadowcat.store.StreamRecord.Phase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every store does that nodes share, beside {@link EventStoreContract}: one holder for each session. */
public abstract class SharedStoreContract {
    private static final SessionId ID = new SessionId(0x0123_4567_89AB_CDEFL, 1);
    private static final SessionId OTHER_ID = new SessionId(0xF123_4567_89AB_CDEFL, 2);
    private static final SessionId THIRD_ID = new SessionId(0x5123_4567_89AB_CDEFL, 3);
    private static final SessionId NO_ID = new SessionId(7, 7);
    private static final NodeIdentity FIRST = new NodeIdentity("incarnation-1", "10.0.0.1:8080");
    private static final NodeIdentity SECOND = new NodeIdentity("incarnation-2", "10.0.0.2:8080");
    private static final NodeIdentity THIRD = new NodeIdentity("incarnation-3", "[::1]:8080");
    /** Longer than any test. */
    private static final Duration LONG = Duration.ofMinutes(5);
    /** Over soon; what a test does within it counts for nothing. */
    private static final Duration SHORT = Duration.ofMillis(200);

    private final List<SharedStore> opened = new ArrayList<>();
    private SharedStoreHome home;

    /** A place without data. */
    protected abstract SharedStoreHome newSharedHome() throws Exception;

    @BeforeEach
    void makeHome() throws Exception {
        home = newSharedHome();
    }

    @AfterEach
    void closeAll() {
        opened.forEach(SharedStore::close);
        home.close();
    }

    @Test
    void whoPutsASessionFirstHoldsItAndAnotherNodesWritesAreLost() {
        SharedStore first = node(FIRST, LONG);
        SharedStore second = node(SECOND, LONG);
        stored(first, Writes.session(ID), Writes.stream(ID, 0), Writes.event(ID, 0, 1, "u1"));
        List<String> before = Pictures.of(first);

        for (StoreWrite write : List.of(
                Writes.session(ID),
                new PutSessionState(ID, Writes.state(3)),
                new TouchSession(ID, new SessionActivity(Long.MAX_VALUE, 9)),
                Writes.stream(ID, 0, Phase.FINISHED),
                Writes.stream(ID, 1),
                Writes.event(ID, 0, 2),
                new MoveUpstreamCursor(ID, 0, 1, "u9"),
                new TrimStream(ID, 0, 1),
                new DeleteStream(ID, 0),
                new DeleteSession(ID))) {
            assertThat(second.append(List.of(write))).as("%s", write).isEqualTo(lost(ID));
            assertThat(Pictures.of(second)).isEqualTo(before);
        }

        stored(first, Writes.event(ID, 0, 2));
        assertThat(sequences(second, ID)).containsExactly(1L, 2L);
    }

    @Test
    void nothingOfABatchIsWrittenWhereAPartOfItIsLost() {
        SharedStore first = node(FIRST, LONG);
        SharedStore second = node(SECOND, LONG);
        stored(first, Writes.session(ID), Writes.stream(ID, 0));
        stored(second, Writes.session(OTHER_ID), Writes.stream(OTHER_ID, 0));
        stored(first, Writes.session(THIRD_ID), Writes.stream(THIRD_ID, 0));
        List<String> before = Pictures.of(first);

        assertThat(second.append(List.of(
                        Writes.session(new SessionId(1, 1)),
                        Writes.event(OTHER_ID, 0, 1),
                        Writes.event(ID, 0, 1),
                        Writes.stream(OTHER_ID, 1),
                        new TouchSession(THIRD_ID, new SessionActivity(5, 5)),
                        Writes.event(NO_ID, 0, 1))))
                .isEqualTo(lost(ID, THIRD_ID));
        assertThat(Pictures.of(second)).isEqualTo(before);

        stored(second, Writes.event(OTHER_ID, 0, 1), Writes.stream(OTHER_ID, 1), Writes.event(NO_ID, 0, 1));
        assertThat(sequences(first, OTHER_ID)).containsExactly(1L);
    }

    @Test
    void aSessionThatIsBegunAgainAfterItsEndIsHeldByWhoBeginsIt() {
        SharedStore first = node(FIRST, LONG);
        SharedStore second = node(SECOND, LONG);
        stored(first, Writes.session(ID), Writes.stream(ID, 0), Writes.event(ID, 0, 1));
        stored(first, new DeleteSession(ID));
        stored(second, Writes.event(ID, 0, 2), new TouchSession(ID, new SessionActivity(5, 5)));
        assertThat(Pictures.of(first)).isEmpty();
        stored(second, Writes.session(ID));
        assertThat(first.append(List.of(Writes.stream(ID, 0)))).isEqualTo(lost(ID));
        stored(second, Writes.stream(ID, 0));
        assertThat(sequences(second, ID)).isEmpty();
    }

    @Test
    void aSessionIsClaimedOnlyOnceItsHolderLeft() {
        SharedStore first = node(FIRST, LONG);
        SharedStore second = node(SECOND, LONG);
        stored(first, Writes.session(ID), Writes.stream(ID, 0), Writes.event(ID, 0, 1));
        assertThat(first.claim(ID)).isEqualTo(Claim.Held.BEFORE);
        assertThat(second.claim(ID)).isEqualTo(new Claim.Elsewhere(FIRST.address()));
        assertThat(second.claim(NO_ID)).isEqualTo(new Claim.Absent());

        first.leave();
        assertThat(second.claim(ID)).isEqualTo(Claim.Held.HANDED_OVER);
        assertThat(second.claim(ID)).isEqualTo(Claim.Held.BEFORE);
        assertThat(sequences(second, ID)).as("with all that it has").containsExactly(1L);
        stored(second, Writes.event(ID, 0, 2));
        assertThat(first.append(List.of(Writes.event(ID, 0, 2)))).isEqualTo(lost(ID));

        assertThat(first.renew()).as("it begins anew").isFalse();
        assertThat(first.claim(ID)).isEqualTo(new Claim.Elsewhere(SECOND.address()));
        second.leave();
        assertThat(first.claim(ID)).isEqualTo(Claim.Held.HANDED_OVER);
    }

    /** It cannot tell whether the others are gone, or nobody could reach the store. */
    @Test
    void aNodeWhoseOwnLeaseWasNotRenewedLatelyTakesAndEndsNothingOfOthers() {
        SharedStore first = node(FIRST, LONG);
        SharedStore second = opened(SECOND, LONG);
        idle(first);
        first.leave();
        List<String> before = Pictures.of(first);
        assertThatExceptionOfType(StoreException.class).isThrownBy(() -> second.claim(ID));
        assertThatExceptionOfType(StoreException.class).isThrownBy(() -> second.expire(ID, 1_000));
        assertThat(Pictures.of(first)).isEqualTo(before);
        assertThat(first.lost(List.of(ID))).isEmpty();

        assertThat(second.claim(NO_ID)).isEqualTo(new Claim.Absent());
        stored(second, Writes.session(OTHER_ID));
        assertThat(second.claim(OTHER_ID)).isEqualTo(Claim.Held.BEFORE);
        assertThat(second.expire(OTHER_ID, Long.MAX_VALUE)).isTrue();
        first.renew();
        assertThat(second.claim(ID)).isEqualTo(new Claim.Elsewhere(FIRST.address()));
        assertThat(second.expire(ID, 1_000)).isFalse();
        first.leave();
        second.renew();
        assertThat(second.claim(ID)).isEqualTo(Claim.Held.HANDED_OVER);
    }

    @Test
    void whatOthersHoldIsTheirsWhileTheirLeasesRun() {
        SharedStore first = node(FIRST, LONG);
        SharedStore second = node(SECOND, LONG);
        stored(first, Writes.session(ID));
        stored(second, Writes.session(OTHER_ID));
        assertThat(second.heldByOthers(List.of(ID, OTHER_ID, NO_ID))).containsExactly(ID);
        assertThat(first.heldByOthers(List.of(ID, OTHER_ID, NO_ID))).containsExactly(OTHER_ID);
        first.leave();
        assertThat(second.heldByOthers(List.of(ID, OTHER_ID))).isEmpty();
        assertThat(second.heldByOthers(List.of())).isEmpty();
    }

    @Test
    void aPausedNodeThatWakesUpWritesNothingToWhatOthersClaimed() {
        SharedStore paused = node(FIRST, SHORT);
        SharedStore second = node(SECOND, LONG);
        stored(paused, Writes.session(ID), Writes.stream(ID, 0), Writes.event(ID, 0, 1));
        stored(paused, Writes.session(OTHER_ID), Writes.stream(OTHER_ID, 0));

        await().until(() -> second.claim(ID) instanceof Claim.Held);
        assertThat(paused.append(List.of(Writes.event(ID, 0, 2), Writes.event(OTHER_ID, 0, 1))))
                .isEqualTo(lost(ID));
        assertThat(sequences(second, ID)).containsExactly(1L);
        stored(second, Writes.event(ID, 0, 2));

        assertThat(paused.renew()).as("without a break").isFalse();
        assertThat(paused.lost(List.of(ID, OTHER_ID, NO_ID))).containsExactlyInAnyOrder(ID, NO_ID);
        stored(paused, Writes.event(OTHER_ID, 0, 1));
    }

    /** What it knows of its sessions from before each claim holds for no write after it. */
    @Test
    void aNodeThatLosesItsSessionsOneByOneGoesOnWithTheOthersOnly() {
        SharedStore first = node(FIRST, LONG);
        SharedStore second = node(SECOND, LONG);
        List<SessionId> ids = List.of(ID, OTHER_ID, THIRD_ID);
        for (SessionId id : ids) {
            stored(first, Writes.session(id), Writes.stream(id, 0));
        }
        for (SessionId id : ids) {
            stored(first, Writes.event(id, 0, 1), new MoveUpstreamCursor(id, 0, 1, "u1"));
        }
        first.leave();
        long sequence = 2;
        for (SessionId taken : ids) {
            for (SessionId id : ids.subList(ids.indexOf(taken), ids.size())) {
                stored(first, Writes.event(id, 0, sequence), new TouchSession(id, new SessionActivity(sequence, 0)));
            }
            sequence++;
            assertThat(second.claim(taken)).isEqualTo(Claim.Held.HANDED_OVER);
            List<String> before = Pictures.of(second);
            for (StoreWrite late : List.of(
                    Writes.event(taken, 0, sequence),
                    new TouchSession(taken, new SessionActivity(9_000, 9)),
                    new PutSessionState(taken, Writes.state(3)),
                    new MoveUpstreamCursor(taken, 0, sequence, "u9"),
                    Writes.stream(taken, 0, Phase.FINISHED),
                    new TrimStream(taken, 0, 1))) {
                assertThat(first.append(List.of(Writes.event(THIRD_ID, 0, 1), late)))
                        .as("%s", late)
                        .isEqualTo(lost(taken));
                assertThat(Pictures.of(second)).isEqualTo(before);
            }
            stored(second, Writes.event(taken, 0, sequence));
        }
    }

    @Test
    void aNodeThatTakesASessionBackGoesOnFromWhatWasWrittenMeanwhile() {
        SharedStore first = node(FIRST, LONG);
        SharedStore second = node(SECOND, LONG);
        stored(first, Writes.session(ID), Writes.stream(ID, 0));
        stored(first, Writes.event(ID, 0, 1, "u1"));
        first.leave();
        assertThat(second.claim(ID)).isEqualTo(Claim.Held.HANDED_OVER);
        stored(second, Writes.event(ID, 0, 2, "u2"), Writes.event(ID, 0, 3, "u3"));
        second.leave();
        assertThat(first.claim(ID)).isEqualTo(Claim.Held.HANDED_OVER);
        stored(first, Writes.event(ID, 0, 2, "u2"), Writes.event(ID, 0, 3, "u3"), Writes.event(ID, 0, 4));
        stored(first, Writes.event(ID, 0, 5), new TrimStream(ID, 0, 1));
        assertThat(sequences(second, ID)).containsExactly(2L, 3L, 4L, 5L);
        assertThat(second.stream(ID, 0))
                .hasValueSatisfying(
                        stream -> assertThat(stream.upstreamCursor()).isEqualTo("u3"));
    }

    /** A node that ends one of its sessions for its age while its worker writes to it: one of them comes first. */
    @Test
    void nothingIsLeftOfASessionThatExpiresWhileItIsWrittenTo() throws Exception {
        SharedStore first = node(FIRST, LONG);
        CyclicBarrier together = new CyclicBarrier(2);
        try (ExecutorService other = Executors.newSingleThreadExecutor()) {
            for (int round = 0; round < 50; round++) {
                stored(first, Writes.session(ID), Writes.stream(ID, 0));
                stored(first, new TouchSession(ID, new SessionActivity(1_000, 0)), Writes.event(ID, 0, 1));
                Future<Boolean> expired = other.submit(() -> {
                    together.await();
                    return first.expire(ID, 1_000);
                });
                together.await();
                stored(first, Writes.event(ID, 0, 2), Writes.event(ID, 0, 3));
                assertThat(expired.get()).isTrue();
                stored(first, Writes.event(ID, 0, 4));
                assertThat(Pictures.of(first)).isEmpty();
                assertThat(sequences(first, ID)).isEmpty();
            }
        }
        requireNoEvents();
    }

    /** Fails where the store keeps events that no stream has. */
    protected void requireNoEvents() throws Exception {}

    @Test
    void aNodeWhoseLeaseRanOutWhileNobodyClaimedHoldsWhatItHeld() {
        SharedStore first = node(FIRST, SHORT);
        SharedStore second = node(SECOND, LONG);
        stored(first, Writes.session(ID), Writes.stream(ID, 0));
        await().until(() -> second.abandoned(1).contains(ID));
        stored(first, Writes.event(ID, 0, 1));
        assertThat(first.lost(List.of(ID))).isEmpty();
        assertThat(second.lost(List.of(ID))).containsExactly(ID);
    }

    @Test
    void aLeaseIsUnbrokenWhereItIsRenewedInTime() {
        SharedStore first = opened(FIRST, LONG);
        assertThat(first.lease()).isEqualTo(LONG);
        assertThat(first.renew()).as("the first").isFalse();
        assertThat(first.renew()).isTrue();
        assertThat(first.renew()).isTrue();
        first.leave();
        assertThat(first.renew()).isFalse();
        assertThat(first.renew()).isTrue();
    }

    @Test
    void aNodeKnowsTheOthersWhoseLeasesRun() {
        SharedStore first = node(FIRST, LONG);
        assertThat(first.others()).isEmpty();
        SharedStore second = node(SECOND, LONG);
        SharedStore third = node(THIRD, SHORT);
        assertThat(second.others()).contains(FIRST.address());
        await().until(() -> first.others().equals(List.of(SECOND.address())));
        await().until(() -> {
            third.renew();
            return Set.copyOf(first.others()).equals(Set.of(SECOND.address(), THIRD.address()));
        });
        second.leave();
        assertThat(first.others()).doesNotContain(SECOND.address());
        assertThat(second.others()).contains(FIRST.address());
        assertThat(first.address()).isEqualTo(FIRST.address());
        node(new NodeIdentity("twin", FIRST.address()), LONG);
        assertThat(first.others()).as("another one has its address").contains(FIRST.address());
    }

    @Test
    void aLeaseThatRanOutIsBrokenWhetherAnyoneClaimedOrNot() {
        SharedStore first = node(FIRST, SHORT);
        SharedStore second = node(SECOND, LONG);
        stored(first, Writes.session(ID), Writes.stream(ID, 0));
        await().until(() -> second.abandoned(1).contains(ID));
        assertThat(first.renew()).isFalse();
    }

    @Test
    void ofNodesThatClaimAtOnceOneWins() throws Exception {
        SharedStore gone = node(FIRST, LONG);
        SharedStore second = node(SECOND, LONG);
        SharedStore third = node(THIRD, LONG);
        int rounds = 50;
        for (int round = 0; round < rounds; round++) {
            stored(gone, Writes.session(new SessionId(round, 1)));
        }
        gone.leave();
        CyclicBarrier together = new CyclicBarrier(2);
        try (ExecutorService nodes = Executors.newFixedThreadPool(2)) {
            for (int round = 0; round < rounds; round++) {
                SessionId id = new SessionId(round, 1);
                Future<Claim> one = nodes.submit(() -> {
                    together.await();
                    return second.claim(id);
                });
                Future<Claim> another = nodes.submit(() -> {
                    together.await();
                    return third.claim(id);
                });
                boolean secondHolds = one.get() instanceof Claim.Held;
                assertThat(one.get())
                        .isEqualTo(secondHolds ? Claim.Held.HANDED_OVER : new Claim.Elsewhere(THIRD.address()));
                assertThat(another.get())
                        .isEqualTo(secondHolds ? new Claim.Elsewhere(SECOND.address()) : Claim.Held.HANDED_OVER);
                assertThat((secondHolds ? third : second).append(List.of(Writes.stream(id, 0))))
                        .isEqualTo(lost(id));
                stored(secondHolds ? second : third, Writes.stream(id, 0));
            }
        }
    }

    @Test
    void manyThatAreClaimedAtOnceAreEachTakenByOneNode() throws Exception {
        SharedStore gone = node(FIRST, LONG);
        SharedStore second = node(SECOND, LONG);
        SharedStore third = node(THIRD, LONG);
        List<SessionId> ids =
                LongStream.range(0, 60).mapToObj(low -> new SessionId(7, low)).toList();
        stored(gone, ids.stream().map(Writes::session).toArray(StoreWrite[]::new));
        stored(third, Writes.session(ID));
        gone.leave();
        try (ExecutorService readers = Executors.newFixedThreadPool(6)) {
            List<Future<List<Claim>>> claims = new ArrayList<>();
            for (SessionId id : ids) {
                claims.add(readers.submit(() -> List.of(second.claim(id), third.claim(id))));
            }
            assertThat(second.claim(ID)).isEqualTo(new Claim.Elsewhere(THIRD.address()));
            for (int i = 0; i < ids.size(); i++) {
                List<Claim> both = claims.get(i).get();
                boolean secondHolds = both.getFirst() instanceof Claim.Held;
                assertThat(both)
                        .containsExactly(
                                secondHolds ? Claim.Held.HANDED_OVER : new Claim.Elsewhere(THIRD.address()),
                                secondHolds ? new Claim.Elsewhere(SECOND.address()) : Claim.Held.HANDED_OVER);
                assertThat((secondHolds ? third : second).append(List.of(Writes.stream(ids.get(i), 0))))
                        .isEqualTo(lost(ids.get(i)));
                stored(secondHolds ? second : third, Writes.stream(ids.get(i), 0));
            }
        }
    }

    /** A claim and an append of the node before: one of them comes first, and nothing falls between. */
    @Test
    void aClaimNeverFallsBetweenAnAppendsCheckAndItsWrites() throws Exception {
        SharedStore first = node(FIRST, LONG);
        SharedStore second = node(SECOND, LONG);
        CyclicBarrier together = new CyclicBarrier(2);
        try (ExecutorService other = Executors.newSingleThreadExecutor()) {
            for (int round = 0; round < 50; round++) {
                SessionId id = new SessionId(round, 2);
                first.renew();
                stored(first, Writes.session(id), Writes.stream(id, 0));
                first.leave();
                Future<List<Long>> seen = other.submit(() -> {
                    together.await();
                    assertThat(second.claim(id)).isInstanceOf(Claim.Held.class);
                    return sequences(second, id);
                });
                together.await();
                AppendOutcome outcome = first.append(List.of(Writes.event(id, 0, 1), Writes.event(id, 0, 2)));
                boolean stored = outcome.equals(AppendOutcome.Stored.ALL);
                assertThat(outcome).isEqualTo(stored ? AppendOutcome.Stored.ALL : lost(id));
                assertThat(seen.get()).hasSize(stored ? 2 : 0);
            }
        }
    }

    @Test
    void sessionsWithAnOpenStreamAreAbandonedOnceTheirHolderIsGone() {
        SharedStore first = node(FIRST, LONG);
        SharedStore second = node(SECOND, LONG);
        SessionId finished = new SessionId(1, 1);
        SessionId bare = new SessionId(1, 2);
        SessionId cancelled = new SessionId(1, 3);
        SessionId deleted = new SessionId(1, 4);
        stored(first, Writes.session(ID), Writes.stream(ID, 0), Writes.stream(ID, 1, Phase.FINISHED));
        stored(first, Writes.session(OTHER_ID), Writes.stream(OTHER_ID, 5));
        stored(first, Writes.session(finished), Writes.stream(finished, 0), Writes.stream(finished, 0, Phase.FINISHED));
        stored(first, Writes.session(bare));
        stored(first, Writes.session(cancelled), Writes.stream(cancelled, 0, Phase.CANCELLED));
        stored(first, Writes.session(deleted), Writes.stream(deleted, 0), new DeleteStream(deleted, 0));
        stored(second, Writes.session(THIRD_ID), Writes.stream(THIRD_ID, 0));
        assertThat(second.abandoned(10)).isEmpty();

        first.leave();
        assertThat(second.abandoned(10)).containsExactlyInAnyOrder(ID, OTHER_ID);
        assertThat(second.abandoned(10)).as("until they are claimed").containsExactlyInAnyOrder(ID, OTHER_ID);
        assertThat(second.abandoned(1)).hasSize(1).isSubsetOf(ID, OTHER_ID);
        assertThat(second.claim(ID)).isInstanceOf(Claim.Held.class);
        assertThat(second.abandoned(10)).containsExactly(OTHER_ID);
        stored(second, Writes.stream(ID, 0, Phase.FINISHED));
        assertThat(second.claim(OTHER_ID)).isInstanceOf(Claim.Held.class);
        assertThat(second.abandoned(10)).isEmpty();

        second.leave();
        SharedStore third = node(THIRD, LONG);
        assertThat(third.abandoned(10)).containsExactlyInAnyOrder(OTHER_ID, THIRD_ID);
    }

    /** The node was gone, with nothing to resume, and comes back before anyone claimed: what it begins then is found later. */
    @Test
    void whatANodeBeginsAfterABreakIsAbandonedWithItsNextEnd() {
        SharedStore first = node(FIRST, LONG);
        SharedStore second = node(SECOND, LONG);
        stored(first, Writes.session(ID));
        first.leave();
        assertThat(second.abandoned(10)).isEmpty();
        assertThat(first.renew()).isFalse();
        stored(first, Writes.stream(ID, 0));
        assertThat(second.abandoned(10)).isEmpty();
        first.leave();
        assertThat(second.abandoned(10)).containsExactly(ID);
    }

    @Test
    void aNodesOwnSessionsAreLostWhereTheyEnded() {
        SharedStore first = node(FIRST, LONG);
        SharedStore second = node(SECOND, LONG);
        stored(first, Writes.session(ID), Writes.session(OTHER_ID));
        stored(second, Writes.session(THIRD_ID));
        assertThat(first.lost(List.of())).isEmpty();
        assertThat(first.lost(List.of(ID, OTHER_ID))).isEmpty();
        stored(first, new DeleteSession(OTHER_ID));
        assertThat(first.lost(List.of(ID, OTHER_ID, THIRD_ID))).isEqualTo(Set.of(OTHER_ID, THIRD_ID));
    }

    @Test
    void anIdleSessionIsExpiredByItsHolderAlone() {
        SharedStore first = node(FIRST, LONG);
        SharedStore second = node(SECOND, LONG);
        idle(first);
        List<String> before = Pictures.of(first);
        assertThat(second.expire(ID, 1_000)).as("while its holder may serve it").isFalse();
        assertThat(Pictures.of(first)).isEqualTo(before);
        assertThat(first.expire(ID, 999)).isFalse();
        assertThat(first.expire(ID, 1_000)).isTrue();
        assertThat(second.session(ID)).isEmpty();
        assertThat(second.claim(ID)).isEqualTo(new Claim.Absent());
        assertThat(second.expire(ID, 1_000)).isFalse();
    }

    @Test
    void anIdleSessionIsExpiredByAnyoneOnceItsHolderIsGone() {
        SharedStore first = node(FIRST, LONG);
        SharedStore second = node(SECOND, LONG);
        idle(first);
        first.leave();
        assertThat(second.expire(ID, 999)).isFalse();
        assertThat(second.expire(ID, 1_000)).isTrue();
        assertThat(first.renew()).isFalse();
        assertThat(first.lost(List.of(ID))).containsExactly(ID);
        stored(first, Writes.event(ID, 0, 2), new TouchSession(ID, new SessionActivity(2_000, 0)));
        assertThat(Pictures.of(first)).isEmpty();
    }

    @Test
    void anIdleSessionIsExpiredByAnyoneOnceItsHoldersLeaseRanOut() {
        SharedStore first = node(FIRST, SHORT);
        SharedStore second = node(SECOND, LONG);
        idle(first);
        await().until(() -> second.expire(ID, 1_000));
        assertThat(first.session(ID)).isEmpty();
    }

    private static void idle(SharedStore holder) {
        stored(holder, Writes.session(ID), Writes.stream(ID, 0), Writes.event(ID, 0, 1));
        stored(holder, new TouchSession(ID, new SessionActivity(1_000, 0)));
    }

    @Test
    void allNodesHashCredentialsAlikeThoughTheyStartAtOnce() throws Exception {
        CyclicBarrier together = new CyclicBarrier(2);
        try (ExecutorService nodes = Executors.newFixedThreadPool(2)) {
            Future<SharedStore> one = nodes.submit(() -> {
                together.await();
                return home.open(FIRST, LONG);
            });
            Future<SharedStore> another = nodes.submit(() -> {
                together.await();
                return home.open(SECOND, LONG);
            });
            try (SharedStore first = one.get();
                    SharedStore second = another.get()) {
                assertThat(first.credentialKey()).hasSize(32).isEqualTo(second.credentialKey());
                assertThat(first.bootEpoch()).isEqualTo(second.bootEpoch());
            }
        }
    }

    @Test
    void whatOneNodeStoredAnotherReadsAtOnce() {
        SharedStore first = node(FIRST, LONG);
        SharedStore second = node(SECOND, LONG);
        stored(first, Writes.session(ID), Writes.stream(ID, 0));
        for (long sequence = 1; sequence <= 50; sequence++) {
            stored(first, Writes.event(ID, 0, sequence));
            assertThat(second.read(ID, 0, sequence - 1, 10, Long.MAX_VALUE))
                    .extracting(Event::sequence)
                    .containsExactly(sequence);
        }
    }

    /** One that runs its lease. */
    private SharedStore node(NodeIdentity node, Duration lease) {
        SharedStore store = opened(node, lease);
        store.renew();
        return store;
    }

    private SharedStore opened(NodeIdentity node, Duration lease) {
        SharedStore store = home.open(node, lease);
        opened.add(store);
        return store;
    }

    private static void stored(SharedStore store, StoreWrite... batch) {
        assertThat(store.append(List.of(batch))).isEqualTo(AppendOutcome.Stored.ALL);
    }

    private static AppendOutcome lost(SessionId... sessions) {
        return new AppendOutcome.Lost(Set.of(sessions));
    }

    private static List<Long> sequences(SharedStore store, SessionId id) {
        return store.read(id, 0, 0, Integer.MAX_VALUE, Long.MAX_VALUE).stream()
                .map(Event::sequence)
                .toList();
    }
}
