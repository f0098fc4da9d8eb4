package dev.shadowcat.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import dev.shadowcat.store.StoreWrite.DeleteSession;
import dev.shadowcat.store.StoreWrite.DeleteStream;
import dev.shadowcat.store.StoreWrite.MoveUpstreamCursor;
import dev.shadowcat.store.StoreWrite.PutSession;
import dev.shadowcat.store.StoreWrite.PutSessionState;
import dev.shadowcat.store.StoreWrite.TouchSession;
import dev.shadowcat.store.StoreWrite.TrimStream;
import dev.shadowcat.store.StreamRecord.Phase;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import org.jspecify.annotations.Nullable;

/** The part of the contract that is tried with random writes: whatever is done to a store, it holds what the model holds. */
public abstract class EventStoreModelContract {
    private static final List<SessionId> IDS =
            List.of(new SessionId(-1, -2), new SessionId(-1, -1), new SessionId(0, 0));

    /** A place without data for one store. */
    protected abstract StoreHome newHome() throws Exception;

    /** Something that happens to a store. */
    sealed interface Step {
        /** A batch. */
        record Append(List<StoreWrite> batch) implements Step {}

        /** A batch whose first outcome got lost: it comes twice. */
        record AppendAgain(List<StoreWrite> batch) implements Step {}

        /** An expiry. */
        record Expire(SessionId session, long idleSinceMillis) implements Step {}

        /** A sync. */
        record Sync() implements Step {}

        /** A clean restart. */
        record Reopen() implements Step {}
    }

    @Property(tries = 150, edgeCases = EdgeCasesMode.NONE)
    void aStoreHoldsWhatTheModelHolds(@ForAll("steps") List<Step> steps) throws Exception {
        StoreModel model = new StoreModel();
        try (StoreHome home = newHome()) {
            EventStore store = home.open();
            try {
                for (Step step : steps) {
                    store = take(step, store, model, home);
                    assertThat(Pictures.of(store)).isEqualTo(Pictures.of(model));
                }
            } finally {
                store.close();
            }
        }
    }

    private static EventStore take(Step step, EventStore store, StoreModel model, StoreHome home) {
        switch (step) {
            case Step.Append append -> {
                store.append(append.batch());
                model.append(append.batch());
            }
            case Step.AppendAgain append -> {
                store.append(append.batch());
                store.append(append.batch());
                model.append(append.batch());
                model.append(append.batch());
            }
            case Step.Expire expire ->
                assertThat(store.expire(expire.session(), expire.idleSinceMillis()))
                        .isEqualTo(model.expire(expire.session(), expire.idleSinceMillis()));
            case Step.Sync _ -> store.sync();
            case Step.Reopen _ -> {
                if (home.remembers()) {
                    store.close();
                    return home.open();
                }
            }
        }
        return store;
    }

    @Provide
    Arbitrary<List<Step>> steps() {
        Arbitrary<List<StoreWrite>> batches = writes().list().ofMinSize(1).ofMaxSize(15);
        Arbitrary<Step> step = Arbitraries.frequencyOf(
                Tuple.of(8, batches.map(Step.Append::new)),
                Tuple.of(2, batches.map(Step.AppendAgain::new)),
                Tuple.of(
                        1,
                        Combinators.combine(ids(), Arbitraries.longs().between(0, 9))
                                .as(Step.Expire::new)),
                Tuple.of(1, Arbitraries.just(new Step.Sync())),
                Tuple.of(1, Arbitraries.just(new Step.Reopen())));
        return step.list().ofMinSize(1).ofMaxSize(12);
    }

    private static Arbitrary<SessionId> ids() {
        return Arbitraries.of(IDS);
    }

    private static Arbitrary<StoreWrite> writes() {
        Arbitrary<SessionId> ids = ids();
        Arbitrary<Integer> streams = Arbitraries.of(0, 1, 255, Integer.MAX_VALUE);
        Arbitrary<Long> sequences = Arbitraries.frequencyOf(
                Tuple.of(12, Arbitraries.longs().between(1, 40)),
                Tuple.of(1, Arbitraries.longs().greaterOrEqual(1L << 33)));
        Arbitrary<SessionActivity> activities =
                Arbitraries.longs().between(0, 9).map(time -> new SessionActivity(time, time));
        return Arbitraries.frequencyOf(
                Tuple.of(
                        3,
                        Combinators.combine(ids, activities)
                                .as((id, activity) -> new PutSession(Writes.record(id), Writes.bareState(), activity))),
                Tuple.of(
                        5,
                        Combinators.combine(ids, streams, Arbitraries.of(Phase.values()))
                                .as(Writes::stream)),
                Tuple.of(
                        14,
                        Combinators.combine(ids, streams, sequences, Arbitraries.of(false, true), cursors())
                                .as(EventStoreModelContract::event)),
                Tuple.of(3, Combinators.combine(ids, streams, sequences).as(TrimStream::new)),
                Tuple.of(
                        2,
                        Combinators.combine(ids, streams, Arbitraries.longs().between(0, 40), Arbitraries.of("m", "n"))
                                .as(MoveUpstreamCursor::new)),
                Tuple.of(1, Combinators.combine(ids, streams).as(DeleteStream::new)),
                Tuple.of(1, ids.map(DeleteSession::new)),
                Tuple.of(1, Combinators.combine(ids, activities).as(TouchSession::new)),
                Tuple.of(
                        1,
                        Combinators.combine(ids, Arbitraries.integers().between(1, 3))
                                .as((id, generation) -> new PutSessionState(id, Writes.state(generation)))));
    }

    private static Arbitrary<@Nullable String> cursors() {
        return Arbitraries.of("a", "b", "").injectNull(0.5);
    }

    /** An event is the same wherever it is named again, as the contract demands of those who append. */
    private static StoreWrite event(
            SessionId id, int stream, long sequence, boolean answer, @Nullable String upstreamId) {
        return new AppendEvent(
                id, stream, new Event(sequence, sequence, 1, answer, upstreamId, Writes.message(id, stream, sequence)));
    }
}
