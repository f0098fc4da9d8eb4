package dev.shadowcat.gateway.cli;

import dev.shadowcat.gateway.config.Configuration;
import dev.shadowcat.gateway.config.GatewaySettings;
import dev.shadowcat.gateway.config.HostPort;

/** A gateway and its admin port, both listening. */
interface RunningGateway {
    GatewaySettings settings();

    /** The port that clients connect to. */
    int port();

    int adminPort();

    /** From where the gateway takes settings when it is told to reload: the sources that it was started with. */
    void reloadFrom(Configuration started);

    /** Stops in good order within the shutdown deadline. */
    void stop();

    /** Prints where it can be reached, and warns of what is open to others. */
    default void announce(Console console) {
        HostPort listen = settings().listen().withPort(port());
        HostPort admin = settings().admin().withPort(adminPort());
        for (String name : settings().upstreams().keySet()) {
            console.print("shadowcat: listening on http://" + listen + "/mcp" + (name.isEmpty() ? "" : "/" + name));
        }
        console.print("shadowcat: admin on http://" + admin);
        if (!admin.loopback()) {
            console.warn("warning: the admin port is open to other machines (" + admin
                    + ") and asks nobody who they are; session ids are shortened there and events are not served");
        }
    }

    /** Starts gateways. */
    interface Starter {
        /**
         * Starts a gateway; it listens when this returns.
         *
         * @throws Failure where the surroundings do not allow it
         */
        RunningGateway start(GatewaySettings settings);
    }
}
