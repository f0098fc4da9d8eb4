package dev.shadowcat.gateway.cli;

import java.time.Duration;

/** What may be wrong with a store. */
sealed interface Fault {
    /** Nothing. */
    record None() implements Fault {}

    /** So many of a hundred appends fail, each in a way of its own. */
    record AtRandom(int percent) implements Fault {}

    /** Nothing is written; {@code ofReadsToo}: nor read. */
    record Outage(boolean ofReadsToo) implements Fault {}

    /** Each batch takes so long. */
    record Slow(Duration each) implements Fault {}

    /** An append does not return. */
    record Stall() implements Fault {}

    /** Reads {@code none}, {@code random:30}, {@code outage}, {@code outage-of-reads}, {@code slow:200} or {@code stall}. */
    static Fault parse(String text) {
        String name = text.replaceFirst(":.*", "");
        int number = name.equals(text) ? 0 : Integer.parseInt(text.substring(name.length() + 1));
        return switch (name) {
            case "none" -> new None();
            case "random" -> new AtRandom(number);
            case "outage" -> new Outage(false);
            case "outage-of-reads" -> new Outage(true);
            case "slow" -> new Slow(Duration.ofMillis(number));
            case "stall" -> new Stall();
            default -> throw new IllegalArgumentException(text);
        };
    }
}
