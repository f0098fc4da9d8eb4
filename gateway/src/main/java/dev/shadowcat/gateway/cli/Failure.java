package dev.shadowcat.gateway.cli;

/** Why a command cannot do its work here, in one line for the user: a port is taken, a store is locked. */
final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1;

    Failure(String message) {
        super(message);
    }
}
