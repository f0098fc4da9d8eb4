package dev.shadowcat.gateway.cli;

import dev.shadowcat.gateway.config.Configuration;
import dev.shadowcat.gateway.config.ConfigurationException;
import dev.shadowcat.gateway.config.GatewaySettings;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lets a running gateway take over what its sources say by now: all of it that can be, or nothing. Any thread, one at a time. */
final class Reloads {
    private static final Logger log = LoggerFactory.getLogger(Reloads.class);

    private final Configuration started;
    private final Consumer<GatewaySettings> tune;
    private Configuration current; // guarded by this

    /** @param tune takes over those of the settings that a running gateway can change */
    Reloads(Configuration started, Consumer<GatewaySettings> tune) {
        this.started = started;
        this.current = started;
        this.tune = tune;
    }

    /**
     * Reads everything, checks everything, then takes over.
     *
     * @throws IllegalArgumentException with one line for the user where something is wrong
     */
    synchronized String reload() {
        Configuration next;
        GatewaySettings checked;
        try {
            next = current.again();
            checked = next.gateway();
        } catch (ConfigurationException wrong) {
            log.warn("The settings were not reloaded: {}", wrong.getMessage());
            throw new IllegalArgumentException(wrong.getMessage(), wrong);
        }
        String line = line(current.changesTo(next), started.changesTo(next));
        tune.accept(checked);
        current = next;
        log.info("Settings reloaded: {}", line);
        return line;
    }

    private static String line(Configuration.Changes now, Configuration.Changes sinceStart) {
        String changed = now.reloadable().isEmpty() ? "nothing changed" : String.join(", ", now.reloadable());
        return sinceStart.needRestart().isEmpty()
                ? changed
                : changed + "; only a restart takes over " + String.join(", ", sinceStart.needRestart());
    }
}
