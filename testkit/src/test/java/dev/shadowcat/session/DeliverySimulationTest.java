package dev.shadowcat.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The delivery contract under everything that can go wrong, thousands of times over: what goes wrong and when is a function of
 * the seed, so that a failure repeats itself. {@code -Dsimulation.seed=N} runs one seed, {@code -Dsimulation.seeds=N} that many.
 */
@Tag("persistence-worker")
class DeliverySimulationTest {
    @Test
    void whateverDropsFailsOrDiesEveryEventComesOnceAndInOrder() {
        Long only = Long.getLong("simulation.seed");
        long first = only == null ? 1 : only;
        long seeds = only == null ? Long.getLong("simulation.seeds", 3_000) : 1;
        long shown = 0;
        long withoutId = 0;
        for (long seed = first; seed < first + seeds; seed++) {
            try {
                Simulation simulation = new Simulation(seed);
                shown += simulation.run();
                withoutId += simulation.shownWithoutId();
            } catch (RuntimeException | AssertionError broken) {
                throw new AssertionError("seed " + seed + ": " + broken.getMessage(), broken);
            }
        }
        assertThat(shown).as("events that clients were shown").isGreaterThan(seeds);
        assertThat(withoutId)
                .as("events that clients were shown without an id")
                .isGreaterThan(only == null ? seeds / 2 : -1);
    }
}
