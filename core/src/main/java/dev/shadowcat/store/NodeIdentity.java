package dev.shadowcat.store;

/**
 * One running gateway, as the others that share its store know it.
 *
 * @param incarnation random, anew at each start; never empty
 * @param address at which the others reach it; {@code ""} where they need not
 */
public record NodeIdentity(String incarnation, String address) {
    public NodeIdentity {
        if (incarnation.isEmpty()) {
            throw new IllegalArgumentException("a node's incarnation must not be empty");
        }
    }
}
