package dev.shadowcat.gateway.config;

import java.time.Duration;

/**
 * How long things are kept.
 *
 * @param eventsFor how long an event can be resumed from
 * @param eventsPerStream events kept of one stream
 * @param bytesPerSession bytes of events kept of one session, answers aside
 * @param sessionIdle a session that nobody used for this long ends
 */
public record RetentionSettings(Duration eventsFor, int eventsPerStream, long bytesPerSession, Duration sessionIdle) {
    static RetentionSettings from(Values values) {
        return new RetentionSettings(
                values.get(Keys.RETENTION_EVENTS_FOR),
                values.get(Keys.RETENTION_EVENTS_PER_STREAM),
                values.get(Keys.RETENTION_BYTES_PER_SESSION),
                values.get(Keys.SESSION_IDLE));
    }
}
