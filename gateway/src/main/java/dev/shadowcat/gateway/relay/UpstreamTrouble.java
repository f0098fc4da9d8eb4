package dev.shadowcat.gateway.relay;

import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an operator is told of an upstream with which no session can begin: the first failure, then once a minute how many more
 * there were, and that it is over. Any thread.
 */
final class UpstreamTrouble {
    private static final Logger log = LoggerFactory.getLogger(UpstreamTrouble.class);
    private static final long QUIET_MILLIS = 60_000;

    private final String upstream;
    private final InstantSource clock;
    private long failures; // since the last time that a session began; guarded by this
    private long untold; // those of them that no line counts; guarded by this
    private long toldMillis; // guarded by this

    /** @param name of the upstream; empty where there is but one */
    UpstreamTrouble(String name, InstantSource clock) {
        this.upstream = name.isEmpty() ? "the MCP server" : "the MCP server " + name;
        this.clock = clock;
    }

    /** @param reason one line for people, without anything that the client sent */
    synchronized void failed(String reason) {
        long now = clock.millis();
        failures++;
        untold++;
        if (failures > 1 && Math.abs(now - toldMillis) < QUIET_MILLIS) {
            return;
        }
        if (untold > 1) {
            log.warn("No session can begin with {}: {} ({} failures since the last line)", upstream, reason, untold);
        } else {
            log.warn("No session can begin with {}: {}", upstream, reason);
        }
        untold = 0;
        toldMillis = now;
    }

    synchronized void began() {
        if (failures > 0) {
            log.info("Sessions begin with {} again, after {} failures", upstream, failures);
            failures = 0;
            untold = 0;
        }
    }
}
