package dev.shadowcat.store;

/**
 * The node that may append to a session's streams.
 *
 * @param incarnation random, anew at each start of a node; {@code ""} in a store with one owner
 * @param epoch rises with each change of owner
 */
public record Owner(String incarnation, long epoch) {
    public static final Owner ONLY = new Owner("", 0);
}
