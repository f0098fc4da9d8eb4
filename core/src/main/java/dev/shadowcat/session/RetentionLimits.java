package dev.shadowcat.session;

import java.time.Duration;

/**
 * How long things are kept.
 *
 * @param eventsFor age at which events, and streams that ended, may go
 * @param eventsPerStream events kept of one stream
 * @param bytesPerSession bytes of events kept of one session, answers aside
 * @param sessionIdle a session that no client used for this long ends
 */
public record RetentionLimits(Duration eventsFor, long eventsPerStream, long bytesPerSession, Duration sessionIdle) {
    public static final RetentionLimits DEFAULTS =
            new RetentionLimits(Duration.ofHours(24), 10_000, 64L << 20, Duration.ofHours(24));

    public RetentionLimits {
        if (eventsPerStream < 1 || bytesPerSession < 1 || eventsFor.isNegative() || sessionIdle.isNegative()) {
            throw new IllegalArgumentException("retention: every limit must be positive");
        }
    }
}
