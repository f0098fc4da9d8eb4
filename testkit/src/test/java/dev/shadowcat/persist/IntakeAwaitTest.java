package dev.shadowcat.persist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.testkit.Writes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The worker sleeps where nothing is to be done, and wakes up for whatever comes. */
@Tag("persistence-worker")
@Timeout(60)
class IntakeAwaitTest {
    private static final SessionId ID = new SessionId(1, 1);
    private static final long HOUR = Duration.ofHours(1).toNanos();

    private final Intake intake = new Intake(10, 1 << 20, Observer.NONE, System::nanoTime);

    private static void offerTo(Intake intake) {
        new Lane(intake, Runnable::run, Lane.Listener.NOBODY).offer(Writes.event(ID, 0, 1), Completion.NOBODY);
    }

    /** Whether it would wait now: whoever is interrupted does not begin to. */
    private boolean waits() {
        Thread.currentThread().interrupt();
        try {
            intake.await(HOUR);
            return false;
        } catch (InterruptedException waits) {
            return true;
        } finally {
            Thread.interrupted();
        }
    }

    @Test
    void itWaitsWhereNothingIsQueued() {
        assertThat(waits()).isTrue();
        offerTo(intake);
        assertThat(waits()).isFalse();
        List<PendingWrite> drained = new ArrayList<>();
        intake.drain(drained, 1 << 20, 10);
        assertThat(drained).hasSize(1);
        assertThat(waits()).isTrue();
    }

    @Test
    void itIsWokenOnce() {
        intake.wake();
        assertThat(waits()).isFalse();
        assertThat(waits()).isTrue();
    }

    @Test
    void theEndWakesItOnce() {
        assertThat(intake.ended()).isFalse();
        intake.end();
        assertThat(intake.ended()).isTrue();
        assertThat(waits()).isFalse();
        assertThat(waits()).as("until what is aside is due").isTrue();
    }

    @Test
    void itWaitsNoLongerThanItShould() throws InterruptedException {
        intake.await(0);
        long before = System.nanoTime();
        intake.await(1_000_000);
        assertThat(System.nanoTime() - before).isGreaterThanOrEqualTo(1_000_000);
    }

    static Stream<Consumer<Intake>> whatWakes() {
        return Stream.of(Intake::wake, Intake::end, IntakeAwaitTest::offerTo);
    }

    @ParameterizedTest
    @MethodSource("whatWakes")
    void whoeverSleepsIsWoken(Consumer<Intake> wakes) throws InterruptedException {
        Thread worker = Thread.ofVirtual().start(() -> {
            try {
                intake.await(HOUR);
            } catch (InterruptedException stop) {
                throw new AssertionError(stop);
            }
        });
        await().until(() -> worker.getState() == Thread.State.TIMED_WAITING);
        wakes.accept(intake);
        assertThat(worker.join(Duration.ofSeconds(30))).isTrue();
    }
}
