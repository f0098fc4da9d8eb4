package dev.shadowcat.gateway.relay;

import dev.shadowcat.observe.RepeatedTrouble;
import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an operator is told of an upstream with which no session can begin: the first failure, then once a minute how many more
 * there were, and that it is over. Any thread.
 */
final class UpstreamTrouble {
    private static final Logger log = LoggerFactory.getLogger(UpstreamTrouble.class);

    private final String upstream;
    private final RepeatedTrouble trouble;
    private long failures; // since the last time that a session began; guarded by this

    /** @param name of the upstream; empty where there is but one */
    UpstreamTrouble(String name, InstantSource clock) {
        this.upstream = name.isEmpty() ? "the MCP server" : "the MCP server " + name;
        this.trouble = new RepeatedTrouble(clock);
    }

    /** @param reason one line for people, without anything that the client sent */
    synchronized void failed(String reason) {
        failures++;
        long count = trouble.again();
        if (count > 0) {
            log.warn("No session can begin with {}: {}{}", upstream, reason, RepeatedTrouble.times(count));
        }
    }

    synchronized void began() {
        if (failures > 0) {
            log.info("Sessions begin with {} again, after {} failures", upstream, failures);
            failures = 0;
            trouble.over();
        }
    }
}
