package dev.shadowcat.store;

import org.jspecify.annotations.Nullable;

/** The store cannot do now what was asked; the message says why in one line that a user understands. */
public final class StoreException extends RuntimeException {
    public StoreException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
