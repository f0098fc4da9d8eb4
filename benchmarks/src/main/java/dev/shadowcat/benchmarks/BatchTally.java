package dev.shadowcat.benchmarks;

import dev.shadowcat.observe.Observer;

/** Sums what a worker says of its batches. Written by the worker, read by anyone. */
final class BatchTally implements Observer {
    private volatile Sums sums = new Sums(0, 0, 0);

    /**
     * Of all batches so far.
     *
     * @param nanos the store's own time
     */
    record Sums(long batches, long writes, long nanos) {
        Sums since(Sums before) {
            return new Sums(batches - before.batches, writes - before.writes, nanos - before.nanos);
        }

        double writesPerBatch() {
            return batches == 0 ? 0 : (double) writes / batches;
        }
    }

    @Override
    public void batchStored(int writes, int events, long nanos) {
        Sums before = sums;
        sums = new Sums(before.batches + 1, before.writes + writes, before.nanos + nanos);
    }

    Sums sums() {
        return sums;
    }
}
