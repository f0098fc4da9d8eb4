package dev.shadowcat.store;

import dev.shadowcat.memory.Footprint;
import dev.shadowcat.memory.Interner;
import dev.shadowcat.memory.Measured;
import java.util.List;

/**
 * Keyed hashes of the credentials that opened a session or were accepted on it later; never the credentials themselves.
 *
 * @param hashes hex of each known credential's keyed hash, oldest first; empty for a session opened without any
 * @param principal hex of the keyed hash of a JWT's {@code iss} and {@code sub}; {@code ""} where there was none
 */
public record CredentialBinding(List<String> hashes, String principal) implements Measured {
    public static final CredentialBinding NONE = new CredentialBinding(List.of(), "");

    public CredentialBinding {
        hashes = List.copyOf(hashes);
    }

    /** The same with the principal shared, who may have many sessions; hashes differ with every token. */
    CredentialBinding shared(Interner texts) {
        return equals(NONE) ? NONE : new CredentialBinding(hashes, texts.share(principal));
    }

    @Override
    public void measure(Footprint footprint) {
        if (!equals(NONE)) {
            footprint.add(this).list(hashes);
            hashes.forEach(footprint::text);
        }
    }
}
