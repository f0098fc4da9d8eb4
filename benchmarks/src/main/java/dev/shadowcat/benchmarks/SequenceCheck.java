package dev.shadowcat.benchmarks;

import java.util.BitSet;

/** Whether a stream's events, numbered from 1 by their source, came each once and in order. Not for several threads. */
final class SequenceCheck {
    private long newest;
    private long events;
    private long doubled;
    private long reordered;
    private final BitSet late = new BitSet(); // numbers skipped so far, by their index

    void saw(long number) {
        events++;
        if (number == newest + 1) {
            newest = number;
            return;
        }
        if (number > newest) {
            late.set(Math.toIntExact(newest + 1), Math.toIntExact(number));
            newest = number;
            return;
        }
        if (late.get(Math.toIntExact(number))) {
            late.clear(Math.toIntExact(number));
            reordered++;
            return;
        }
        doubled++;
    }

    /** Events seen, doubled ones included. */
    long events() {
        return events;
    }

    long doubled() {
        return doubled;
    }

    long reordered() {
        return reordered;
    }

    /** Whether the numbers from 1 to this one came, each once and in order. */
    boolean isWhole(long last) {
        return newest == last && events == last && reordered == 0;
    }

    /** Numbers below the newest that never came. */
    long missing() {
        return late.cardinality();
    }
}
