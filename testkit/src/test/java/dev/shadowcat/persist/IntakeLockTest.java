package dev.shadowcat.persist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Named.named;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.testkit.Writes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever one thread did with the queue, the next one has its lock: those of all sessions meet there. */
@Tag("persistence-worker")
class IntakeLockTest {
    private static final SessionId ID = new SessionId(1, 1);

    private final Intake intake = new Intake(2, 1 << 20, Observer.NONE, System::nanoTime);
    private final Lane lane = new Lane(intake, Runnable::run, Lane.Listener.NOBODY);

    private void offer() {
        lane.offer(Writes.event(ID, 0, 1), Completion.NOBODY);
    }

    private List<PendingWrite> drained() {
        List<PendingWrite> drained = new ArrayList<>();
        intake.drain(drained, 1 << 20, 10);
        return drained;
    }

    private static Named<Consumer<IntakeLockTest>> when(String what, Consumer<IntakeLockTest> happens) {
        return named(what, happens);
    }

    static Stream<Named<Consumer<IntakeLockTest>>> whateverHappens() {
        return Stream.of(
                when("offer", IntakeLockTest::offer),
                when("close", test -> test.lane.close(new StoreWrite.DeleteSession(ID), Completion.NOBODY)),
                when("blocked", test -> test.lane.blocked()),
                when("settled", test -> test.lane.settled()),
                when("wake", test -> test.intake.wake()),
                when("drain", IntakeLockTest::drained),
                when("settle", test -> test.intake.settle(List.of())),
                when("set aside", test -> test.intake.setAside(List.of(), new HashSet<>(), 0)),
                when("also hold", test -> test.intake.alsoHold(List.of(), new HashSet<>())),
                when("leave aside", test -> test.intake.leaveAside(List.of())),
                when("release", test -> test.intake.release(Set.of())),
                when("copy", test -> test.intake.copyTo(new ArrayList<>())),
                when("make room", test -> test.intake.makeRoom(Set.of())),
                when("tune", test -> test.intake.tune(5, 1 << 20)),
                when("ended", test -> test.intake.ended()),
                when("end", test -> test.intake.end()),
                when("refuse", test -> {
                    test.intake.end();
                    test.offer();
                }),
                when("await", IntakeLockTest::awaitNothing));
    }

    private void awaitNothing() {
        try {
            intake.await(0);
        } catch (InterruptedException stop) {
            throw new AssertionError(stop);
        }
    }

    @ParameterizedTest
    @MethodSource("whateverHappens")
    void theLockIsFreeAgain(Consumer<IntakeLockTest> happens) {
        happens.accept(this);
        Thread next = Thread.ofVirtual().start(intake::depth);
        Thread.State state = next.getState();
        while (state != Thread.State.TERMINATED && state != Thread.State.WAITING) { // for a lock that nobody gives back
            Thread.onSpinWait();
            state = next.getState();
        }
        assertThat(state).isEqualTo(Thread.State.TERMINATED);
    }
}
