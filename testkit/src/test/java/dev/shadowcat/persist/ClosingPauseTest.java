package dev.shadowcat.persist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A pause lasts as long as it should until the worker closes, and an interrupt ends it before and after. */
@Tag("persistence-worker")
@Timeout(60)
class ClosingPauseTest {
    private static final long HOUR = Duration.ofHours(1).toMillis();

    private final ClosingPause pause = new ClosingPause();

    @Test
    void itIsNotCutShortWhereNobodyCloses() throws InterruptedException {
        lasts();
    }

    private void lasts() throws InterruptedException {
        long before = System.nanoTime();
        pause.millis(2 * ClosingPause.MOST_MILLIS);
        assertThat(Duration.ofNanos(System.nanoTime() - before))
                .isGreaterThanOrEqualTo(Duration.ofMillis(2 * ClosingPause.MOST_MILLIS));
    }

    private Thread waiting() {
        return Thread.ofVirtual().start(() -> {
            try {
                pause.millis(HOUR);
            } catch (InterruptedException stop) {
                throw new AssertionError(stop);
            }
        });
    }

    @Test
    void oneThatIsUnderWayEndsWhereTheWorkerCloses() throws InterruptedException {
        Thread waiting = waiting();
        pause.hurry();
        assertThat(waiting.join(Duration.ofSeconds(30))).isTrue();
    }

    @Test
    void oneThatIsUnderWayEndsWhereItIsToldToAndTheNextDoesNot() throws InterruptedException {
        Thread waiting = waiting();
        boolean over;
        do {
            pause.end();
            over = waiting.join(Duration.ofMillis(10)); // it may have yet to begin
        } while (!over);
        lasts();
    }

    @Test
    void whereTheWorkerClosesShortOnesAreNoShorter() throws InterruptedException {
        pause.hurry();
        long before = System.nanoTime();
        pause.millis(20);
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThanOrEqualTo(Duration.ofMillis(20));
    }

    @Test
    void anInterruptEndsIt() {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> pause.millis(HOUR)).isInstanceOf(InterruptedException.class);
        pause.hurry();
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> pause.millis(HOUR))
                .as("while the worker closes")
                .isInstanceOf(InterruptedException.class);
    }
}
