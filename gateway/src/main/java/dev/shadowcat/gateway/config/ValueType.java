package dev.shadowcat.gateway.config;

/** How a setting's text becomes a value. */
public interface ValueType<T> {
    /**
     * Reads a value.
     *
     * @throws IllegalArgumentException with what is wrong, without key and without the rule
     */
    T read(String text);

    /** The rule in a few words, such as {@code a size from 1KiB (512, 64KiB, 4MiB, 1GiB)}. */
    String allowed();

    /** A short placeholder for help texts, such as {@code SIZE}. */
    String placeholder();

    /** Whether a value is a list: written as a YAML sequence, or joined by commas or line breaks. */
    default boolean list() {
        return false;
    }
}
