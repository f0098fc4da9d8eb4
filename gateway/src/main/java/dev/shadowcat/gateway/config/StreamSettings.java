package dev.shadowcat.gateway.config;

import static dev.shadowcat.gateway.config.SettingException.check;

import java.time.Duration;

/**
 * How streams behave in time.
 *
 * @param resumableAfter a plain JSON answer slower than this becomes a stream; zero = at once
 * @param heartbeat pause between keep-alive comments
 * @param retryHint what clients are told to wait before they reconnect
 * @param slowClient a client that takes no byte for this long is cut
 * @param tailBytes live events kept in memory for one client
 * @param standaloneLinger how long an upstream's standalone stream stays open without a client
 * @param cancelledLinger how long an upstream may still answer a cancelled request
 * @param unknownOutcome how long after the upstream was lost a request may wait for its answer
 */
public record StreamSettings(
        Duration resumableAfter,
        Duration heartbeat,
        Duration retryHint,
        Duration slowClient,
        int tailBytes,
        Duration standaloneLinger,
        Duration cancelledLinger,
        Duration unknownOutcome) {
    public StreamSettings {
        check(
                slowClient.compareTo(heartbeat) > 0,
                Keys.SLOW_CLIENT.name(),
                "must be more than heartbeat (" + Durations.text(heartbeat) + "), but was "
                        + Durations.text(slowClient));
    }

    static StreamSettings from(Values values) {
        return new StreamSettings(
                values.get(Keys.RESUMABLE_AFTER),
                values.get(Keys.HEARTBEAT),
                values.get(Keys.RETRY_HINT),
                values.get(Keys.SLOW_CLIENT),
                Math.toIntExact(values.get(Keys.STREAM_TAIL_BYTES)),
                values.get(Keys.STANDALONE_LINGER),
                values.get(Keys.CANCELLED_LINGER),
                values.get(Keys.UNKNOWN_OUTCOME));
    }
}
