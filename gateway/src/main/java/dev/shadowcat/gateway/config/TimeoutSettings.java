package dev.shadowcat.gateway.config;

import java.time.Duration;

/**
 * How long a client connection may take.
 *
 * @param header to send a request's headers
 * @param body to send a request's body
 * @param keepAlive to stay idle between requests
 */
public record TimeoutSettings(Duration header, Duration body, Duration keepAlive) {
    static TimeoutSettings from(Values values) {
        return new TimeoutSettings(
                values.get(Keys.TIMEOUTS_HEADER), values.get(Keys.TIMEOUTS_BODY), values.get(Keys.TIMEOUTS_KEEP_ALIVE));
    }
}
