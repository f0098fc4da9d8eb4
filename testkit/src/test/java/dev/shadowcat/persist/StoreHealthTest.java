package dev.shadowcat.persist;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.testkit.ManualClock;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Whoever asks hears of a store that fails, since when it does, and of a call that has been under way for too long. */
@Tag("persistence-worker")
class StoreHealthTest {
    private static final Duration STALL = Duration.ofSeconds(7);

    private final ManualClock clock = new ManualClock(Instant.EPOCH);
    private final StoreHealth health = new StoreHealth("taken a batch", clock.nanoTime());

    @BeforeEach
    void anHourPasses() {
        clock.advance(Duration.ofHours(1));
    }

    @Test
    void aFailureIsNewsOnceAndSoIsItsEnd() {
        assertThat(health.works()).as("it always has").isFalse();
        assertThat(health.failed("full")).isTrue();
        assertThat(health.failed("still full")).isFalse();
        assertThat(health.trouble(STALL)).isEqualTo("still full");
        assertThat(health.works()).isTrue();
        assertThat(health.works()).isFalse();
        assertThat(health.trouble(STALL)).isNull();
        assertThat(health.failed("full again")).isTrue();
    }

    @Test
    void aFailureLastsFromItsFirstTryOn() {
        assertThat(health.failingNanos()).isZero();
        health.failed("full");
        assertThat(health.failingNanos()).as("it does fail").isEqualTo(1);
        clock.advance(Duration.ofSeconds(3));
        health.failed("full");
        clock.advance(Duration.ofSeconds(1));
        assertThat(health.failingNanos()).isEqualTo(Duration.ofSeconds(4).toNanos());
        health.works();
        assertThat(health.failingNanos()).isZero();
    }

    @Test
    void aCallIsInTroubleFromTheBoundOnUntilItEnds() {
        health.callBegins();
        clock.advance(STALL.minusNanos(1));
        assertThat(health.trouble(STALL)).isNull();
        clock.advance(Duration.ofNanos(1));
        assertThat(health.trouble(STALL)).isEqualTo("has not taken a batch for 7 s");
        assertThat(health.callEnds(STALL)).isEqualTo(STALL.toNanos());
        assertThat(health.trouble(STALL)).isNull();
    }
}
