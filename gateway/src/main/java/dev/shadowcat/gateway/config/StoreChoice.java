package dev.shadowcat.gateway.config;

/**
 * The store that a user asked for.
 *
 * @param url where a store is that nodes share; {@code ""} for others. May hold a password
 */
public record StoreChoice(StoreKind kind, String url) {
    StoreChoice(StoreKind kind) {
        this(kind, "");
    }

    /** Without the URL, which may hold a password. */
    @Override
    public String toString() {
        return kind.toString();
    }
}
