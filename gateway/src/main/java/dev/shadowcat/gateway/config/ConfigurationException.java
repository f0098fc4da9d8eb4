package dev.shadowcat.gateway.config;

/** What a user got wrong, in one line: where, key, what is wrong, what is allowed. */
public final class ConfigurationException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public ConfigurationException(String message) {
        super(message);
    }
}
