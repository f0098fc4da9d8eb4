package dev.shadowcat.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SequenceCheckTest {
    private final SequenceCheck check = new SequenceCheck();

    @Test
    void eventsInOrderAreNeitherMissingNorDoubledNorReordered() {
        see(1, 2, 3);

        assertThat(check.events()).isEqualTo(3);
        assertThat(check.missing()).isZero();
        assertThat(check.doubled()).isZero();
        assertThat(check.reordered()).isZero();
    }

    @Test
    void aSkippedEventIsMissing() {
        see(1, 2, 5);

        assertThat(check.missing()).isEqualTo(2);
    }

    @Test
    void anEventThatComesLateIsReorderedAndNotMissing() {
        see(1, 3, 2, 4);

        assertThat(check.reordered()).isEqualTo(1);
        assertThat(check.missing()).isZero();
        assertThat(check.doubled()).isZero();
    }

    @Test
    void anEventThatComesAgainIsDoubled() {
        see(1, 2, 3, 2, 3);

        assertThat(check.doubled()).isEqualTo(2);
        assertThat(check.reordered()).isZero();
    }

    @Test
    void aStreamIsWholeWhereAllOfItCameOnceAndInOrder() {
        see(1, 2, 3);

        assertThat(check.isWhole(3)).isTrue();
        assertThat(check.isWhole(4)).isFalse();
        check.saw(3);
        assertThat(check.isWhole(3)).isFalse();
    }

    @Test
    void aStreamWithAnEventOutOfOrderIsNotWhole() {
        see(1, 3, 2);

        assertThat(check.isWhole(3)).isFalse();
    }

    private void see(long... numbers) {
        for (long number : numbers) {
            check.saw(number);
        }
    }
}
