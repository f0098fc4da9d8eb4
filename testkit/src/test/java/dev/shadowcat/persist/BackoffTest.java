package dev.shadowcat.persist;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Waits grow to a cap, and lie anywhere below their bound. */
@Tag("persistence-worker")
class BackoffTest {
    private static Backoff backoff(RandomGenerator random) {
        return new Backoff(Duration.ofMillis(100), Duration.ofSeconds(5), random);
    }

    @Test
    void theBoundDoublesUpToTheCap() {
        RandomGenerator longest = new RandomGenerator() {
            @Override
            public long nextLong() {
                throw new AssertionError("a bound is always given");
            }

            @Override
            public long nextLong(long bound) {
                return bound - 1;
            }
        };
        Backoff backoff = backoff(longest);
        assertThat(LongStream.generate(backoff::nextMillis).limit(9))
                .containsExactly(100L, 200L, 400L, 800L, 1_600L, 3_200L, 5_000L, 5_000L, 5_000L);
        backoff.reset();
        assertThat(backoff.nextMillis()).isEqualTo(100);
    }

    @Test
    void theJitterIsFull() {
        Backoff backoff = backoff(new Random(1));
        long[] waits = LongStream.generate(() -> {
                    backoff.reset();
                    return backoff.nextMillis();
                })
                .limit(10_000)
                .toArray();
        assertThat(waits).doesNotContain(0).contains(1, 100);
        assertThat(LongStream.of(waits).max()).hasValue(100);
        assertThat(LongStream.of(waits).average().orElseThrow()).isBetween(45.0, 56.0);
    }
}
