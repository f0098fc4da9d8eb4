package dev.shadowcat.store;

import java.util.List;

/**
 * Keyed hashes of the credentials that opened a session or were accepted on it later; never the credentials themselves.
 *
 * @param hashes hex of each known credential's keyed hash, oldest first; empty for a session opened without any
 * @param principal hex of the keyed hash of a JWT's {@code iss} and {@code sub}; {@code ""} where there was none
 */
public record CredentialBinding(List<String> hashes, String principal) {
    public static final CredentialBinding NONE = new CredentialBinding(List.of(), "");

    public CredentialBinding {
        hashes = List.copyOf(hashes);
    }
}
