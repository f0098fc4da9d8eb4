package dev.shadowcat.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ManualClockTest {
    private final ManualClock clock = new ManualClock(Instant.EPOCH.plusMillis(1_500));

    @Test
    void timePassesOnBothClocksAndAJumpOnTheWallAlone() {
        clock.advance(Duration.ofMillis(250));
        clock.jump(Duration.ofHours(-1));
        assertThat(clock.instant()).isEqualTo(Instant.EPOCH.plusMillis(1_750).minus(Duration.ofHours(1)));
        assertThat(clock.nanoTime().getAsLong()).isEqualTo(250_000_000);
    }
}
