package dev.shadowcat.gateway.telemetry;

import io.opentelemetry.api.common.Attributes;

/** An upstream as telemetry names it, with how long what is sent to it takes. */
public final class Peer {
    private final String address;
    private final int port;
    private final OperationDurations operations;
    private final HttpDurations requests;
    private final Attributes sessions;

    Peer(String address, int port, OperationDurations operations, HttpDurations requests, Attributes sessions) {
        this.address = address;
        this.port = port;
        this.operations = operations;
        this.requests = requests;
        this.sessions = sessions;
    }

    String address() {
        return address;
    }

    int port() {
        return port;
    }

    OperationDurations operations() {
        return operations;
    }

    HttpDurations requests() {
        return requests;
    }

    Attributes sessions() {
        return sessions;
    }
}
