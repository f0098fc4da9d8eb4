package dev.shadowcat.gateway.config;

import static dev.shadowcat.gateway.config.SettingException.check;

/**
 * What one client, session or process may hold.
 *
 * @param maxRequestBytes largest body of a request
 * @param maxEventBytes largest event of an upstream that does not set its own limit
 * @param maxConnections connections of clients at one time
 * @param maxRequestBytesInFlight bytes of all request bodies being read or sent on
 * @param maxUndecodedBytes bytes of all half-received upstream events
 * @param maxSessions sessions held in memory
 * @param maxStreamsPerSession open streams of one session
 * @param maxPendingRequests unanswered requests of one session
 */
public record LimitSettings(
        int maxRequestBytes,
        int maxEventBytes,
        int maxConnections,
        long maxRequestBytesInFlight,
        long maxUndecodedBytes,
        int maxSessions,
        int maxStreamsPerSession,
        int maxPendingRequests) {
    public LimitSettings {
        check(
                maxRequestBytesInFlight >= maxRequestBytes,
                Keys.MAX_REQUEST_BYTES_IN_FLIGHT.name(),
                "must be at least max-request-bytes (" + Sizes.text(maxRequestBytes) + "), but was "
                        + Sizes.text(maxRequestBytesInFlight));
        check(
                maxUndecodedBytes >= maxEventBytes,
                Keys.MAX_UNDECODED_BYTES.name(),
                "must be at least max-event-bytes (" + Sizes.text(maxEventBytes) + "), but was "
                        + Sizes.text(maxUndecodedBytes));
    }

    static LimitSettings from(Values values) {
        return new LimitSettings(
                Math.toIntExact(values.get(Keys.MAX_REQUEST_BYTES)),
                Math.toIntExact(values.get(Keys.MAX_EVENT_BYTES)),
                values.get(Keys.MAX_CONNECTIONS),
                values.get(Keys.MAX_REQUEST_BYTES_IN_FLIGHT),
                values.get(Keys.MAX_UNDECODED_BYTES),
                values.get(Keys.MAX_SESSIONS),
                values.get(Keys.MAX_STREAMS_PER_SESSION),
                values.get(Keys.MAX_PENDING_REQUESTS));
    }
}
