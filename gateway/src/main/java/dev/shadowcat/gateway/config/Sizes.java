package dev.shadowcat.gateway.config;

import java.util.Optional;

/** Sizes in bytes as users write them. */
final class Sizes {
    static final long KIB = 1L << 10;
    static final long MIB = 1L << 20;
    static final long GIB = 1L << 30;

    private Sizes() {}

    static long of(long count, Optional<String> unit) {
        return switch (unit.orElse("B")) {
            case "B" -> count;
            case "KiB" -> Math.multiplyExact(count, KIB);
            case "MiB" -> Math.multiplyExact(count, MIB);
            case "GiB" -> Math.multiplyExact(count, GIB);
            default -> throw new IllegalArgumentException("is not a unit of size: " + unit);
        };
    }

    /** In the largest unit that leaves no rest. */
    static String text(long bytes) {
        if (bytes == 0 || bytes % KIB != 0) {
            return Long.toString(bytes);
        }
        if (bytes % MIB != 0) {
            return bytes / KIB + "KiB";
        }
        return bytes % GIB == 0 ? bytes / GIB + "GiB" : bytes / MIB + "MiB";
    }
}
