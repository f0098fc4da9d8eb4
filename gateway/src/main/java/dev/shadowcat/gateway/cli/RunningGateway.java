package dev.shadowcat.gateway.cli;

import dev.shadowcat.gateway.config.Configuration;
import dev.shadowcat.gateway.config.Durations;
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

    /** Where other nodes reach it, if it shares its store. */
    HostPort nodeAddress();

    /** Streams that are open to clients. */
    int openStreams();

    /** Prints where it can be reached, what it stands before and where it keeps events, and warns of what is open to others. */
    default void announce(Console console) {
        HostPort listen = settings().listen().withPort(port());
        HostPort admin = settings().admin().withPort(adminPort());
        settings()
                .upstreams()
                .forEach((name, upstream) -> console.print("shadowcat: listening on http://" + listen + "/mcp"
                        + (name.isEmpty() ? "" : "/" + name) + " for " + upstream.url()));
        console.print("shadowcat: admin on http://" + admin);
        console.print("shadowcat: events in " + Stores.shown(settings().store(), nodeAddress()));
        if (!admin.loopback()) {
            console.warn("warning: the admin port is open to other machines (" + admin
                    + ") and asks nobody who they are; session ids are shortened there and events are not served");
        }
    }

    /** Stops, and prints what it waits for: a user who sees nothing sends a second signal. */
    default void stop(Console console) {
        int streams = openStreams();
        console.print("shadowcat: stopping, within "
                + Durations.text(settings().shutdownDeadline())
                + (streams == 0 ? "" : "; " + streams + (streams == 1 ? " stream is open" : " streams are open")));
        stop();
        console.print("shadowcat: stopped");
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
