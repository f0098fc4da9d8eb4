package dev.shadowcat.gateway.telemetry;

import io.opentelemetry.api.common.Attributes;

/** An upstream as telemetry names it, with the attributes of what is sent to it. */
public final class Peer {
    private final String address;
    private final int port;
    private final OperationAttributes operations;
    private final HttpAttributes requests;
    private final Attributes sessions;

    Peer(String address, int port, OperationAttributes operations, HttpAttributes requests, Attributes sessions) {
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

    OperationAttributes operations() {
        return operations;
    }

    HttpAttributes requests() {
        return requests;
    }

    Attributes sessions() {
        return sessions;
    }
}
