package dev.shadowcat.benchmarks;

import io.netty.buffer.ByteBuf;
import java.util.concurrent.CompletableFuture;

/** An MCP session opened through a target by the real handshake, with the connection that it was opened on. */
final class ClientSession {
    private final Transport transport;
    private final Target target;
    private final ClientConnection connection;
    private final String id;

    private ClientSession(Transport transport, Target target, ClientConnection connection, String id) {
        this.transport = transport;
        this.target = target;
        this.connection = connection;
        this.id = id;
    }

    /** Connects, sends {@code initialize} and {@code notifications/initialized}; completes on the event loop. */
    static CompletableFuture<ClientSession> open(Transport transport, Target target) {
        return ClientConnection.connectToBegin(transport, target)
                .thenCompose(connection -> request(connection, Requests.initialize(target), 200)
                        .thenCompose(id -> {
                            if (id.isEmpty()) {
                                throw new IllegalStateException(
                                        target.name() + ": initialize was answered without a session id");
                            }
                            return request(connection, Requests.initialized(target, id), 202)
                                    .thenCompose(_ -> toServe(transport, target, connection))
                                    .thenApply(serving -> new ClientSession(transport, target, serving, id));
                        }));
    }

    private static CompletableFuture<ClientConnection> toServe(
            Transport transport, Target target, ClientConnection begun) {
        if (target.begins().equals(target.endpoint())) {
            return CompletableFuture.completedFuture(begun);
        }
        begun.close();
        return ClientConnection.connect(transport, target);
    }

    String id() {
        return id;
    }

    Target target() {
        return target;
    }

    ClientConnection connection() {
        return connection;
    }

    /** Ends the session by DELETE on a connection of its own, and closes both connections. */
    CompletableFuture<Void> delete() {
        return ClientConnection.connect(transport, target)
                .thenCompose(
                        other -> request(other, Requests.delete(target, id), 0).thenAccept(_ -> {
                            other.close();
                            connection.close();
                        }));
    }

    /** Sends a request and drops its body; gives the session id of the answer's head, or an empty text. 0 takes every status. */
    private static CompletableFuture<String> request(ClientConnection connection, ByteBuf request, int expected) {
        CompletableFuture<String> answered = new CompletableFuture<>();
        connection.send(request, new ClientConnection.Answer() {
            private String session = "";
            private int status;

            @Override
            public void head(HttpHead message) {
                status = message.status;
                String given = message.sessionId;
                session = given == null ? "" : given;
            }

            @Override
            public void body(ByteBuf bytes, int index, int length) {}

            @Override
            public void end() {
                if (expected == 0 || status == expected) {
                    answered.complete(session);
                    return;
                }
                answered.completeExceptionally(
                        new IllegalStateException("status " + status + " instead of " + expected));
            }

            @Override
            public void broken() {
                answered.completeExceptionally(new IllegalStateException("connection closed before the answer"));
            }
        });
        return answered;
    }
}
