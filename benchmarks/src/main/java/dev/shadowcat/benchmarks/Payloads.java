package dev.shadowcat.benchmarks;

import java.util.SplittableRandom;

/** Messages of one size that no store can compress, made beforehand: so many that no block of a store sees one twice. */
final class Payloads {
    private static final int DISTINCT = 1 << 16;

    private final byte[][] messages = new byte[DISTINCT][];
    private int next;

    Payloads(int bytes) {
        SplittableRandom random = new SplittableRandom(1);
        for (int index = 0; index < DISTINCT; index++) {
            messages[index] = new byte[bytes];
            random.nextBytes(messages[index]);
        }
    }

    /** One thread. */
    byte[] next() {
        return messages[next++ & (DISTINCT - 1)];
    }
}
