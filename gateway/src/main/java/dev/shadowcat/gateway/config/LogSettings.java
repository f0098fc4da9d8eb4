package dev.shadowcat.gateway.config;

/**
 * What is logged, and how it looks.
 *
 * @param level this one and everything graver
 */
public record LogSettings(LogLevel level, LogFormat format) {
    static LogSettings from(Values values) {
        return new LogSettings(values.get(Keys.LOG_LEVEL), values.get(Keys.LOG_FORMAT));
    }
}
