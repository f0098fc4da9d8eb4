package dev.shadowcat.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.session.StoredTruth.Name;
import dev.shadowcat.store.StoredStream;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A client that follows one stream of a session, loses its connection now and then, and comes back with its cursor. */
final class SimulatedClient {
    private static final long NONE = -1;

    private final Simulation simulation;
    private final SessionId session;
    private final @Nullable String clientId; // of its request; null on the standalone stream
    private final String token;
    private int stream;
    private long cursor = NONE;
    private int connections; // each attempt has a number; what an older one brings is late
    private int answers;
    private boolean over;
    private boolean lostToPowerCut;
    private @Nullable Sink sink;

    SimulatedClient(Simulation simulation, SessionId session, @Nullable String clientId, String token) {
        this.simulation = simulation;
        this.session = session;
        this.clientId = clientId;
        this.token = token;
    }

    private boolean standalone() {
        return clientId == null;
    }

    private Name name() {
        return new Name(session, stream);
    }

    /** Sends a request, which opens a stream. */
    void call(boolean upstreamGivesIds) {
        int attempt = ++connections;
        find(attempt, found -> {
            found.recover();
            Call call = found.begin(new RequestId(String.valueOf(clientId)), "tools/call", null);
            EventStream[] opened = new EventStream[1];
            opened[0] = found.openStream(List.of(call), () -> {
                if (attempt == connections) {
                    attach(opened[0], 0);
                    primed(0);
                }
            });
            stream = opened[0].number();
            SimulatedUpstream upstream = simulation.newUpstream(session, stream, upstreamGivesIds);
            upstream.connect(found, opened[0]);
            simulation.plan(upstream, call.upstreamId().json(), call.clientId().json(), token);
        });
    }

    /** Connects to the standalone stream, or to whatever it followed before. */
    void connect() {
        int attempt = ++connections;
        if (over || (!standalone() && cursor == NONE)) {
            over = true; // the request was lost with its connection before anything could be resumed
            return;
        }
        find(attempt, found -> {
            found.recover();
            if (standalone()) {
                serve(found, found.standalone(), cursor == NONE ? found.standaloneCursor() : cursor);
                simulation.upstream(session, 0).lost(found, found.standalone());
                return;
            }
            resume(attempt, found);
        });
    }

    private void resume(int attempt, SimulatedSession found) {
        EventStream known = found.stream(stream);
        if (known != null) {
            serve(found, known, cursor);
            return;
        }
        simulation
                .gateway
                .reader()
                .read(
                        found.loop(),
                        () -> simulation.gateway.store().stream(session, stream),
                        read -> {
                            if (attempt == connections) {
                                recalled(found, read);
                            }
                        },
                        unreadable -> later(attempt));
    }

    private void recalled(SimulatedSession found, Optional<StoredStream> read) {
        if (read.isEmpty()) {
            assertThat(simulation.powerCuts())
                    .as("rule 2: the stream %s is known", name())
                    .isPositive();
            over = true;
            lostToPowerCut = true;
            return;
        }
        serve(found, found.recall(read.get()), cursor);
    }

    private void serve(SimulatedSession found, EventStream served, long after) {
        assertThat(after)
                .as("rule 2: the cursor of %s is one that was given", name())
                .isLessThanOrEqualTo(served.newest());

        if (served.ended() && after >= served.newest()) {
            if (served.client() == null) {
                found.leaveMemory(served);
            }
            over = true; // 405
            return;
        }
        boolean lost = served.lost(after);
        if (lost) {
            assertThat(simulation.powerCuts())
                    .as("rule 6: a gap without a cause")
                    .isPositive();
        }
        attach(served, after);
        primed(served.standalone() && lost ? served.leaptTo() : after);
    }

    private void primed(long sequence) {
        if (cursor == NONE || sequence > cursor) {
            cursor = sequence;
        }
    }

    private void attach(EventStream served, long after) {
        Sink attached = new Sink(served, after);
        sink = attached;
        attached.client = new ClientStream(served, attached, after);
        served.attach(attached.client);
    }

    private void find(int attempt, java.util.function.Consumer<SimulatedSession> then) {
        SimulatedGateway gateway = simulation.gateway;
        SimulatedLoop loop = gateway.loop(session);
        simulation.time.soon(5, () -> {
            if (attempt != connections || gateway.dead()) {
                return;
            }
            loop.execute(() -> gateway.sessions()
                    .find(
                            session,
                            loop,
                            found -> {
                                SimulatedSession known = found.orElseThrow();
                                if (attempt == connections) {
                                    then.accept(known);
                                }
                                gateway.sessions().release(known);
                            },
                            unreadable -> later(attempt)));
        });
    }

    private void later(int attempt) {
        simulation.time.after(50, () -> {
            if (attempt == connections) {
                connect();
            }
        });
    }

    /** Loses its connection. The gateway hears of it soon, late, or only by the next connection. */
    void drop() {
        if (connections == 0) {
            return; // its time has not come
        }
        Sink gone = sink;
        int attempt = ++connections;
        if (gone != null && gone.client != null) {
            gone.cut = true;
            ClientStream client = gone.client;
            if (simulation.time.chance(0.7)) {
                simulation.time.soon(30, () -> gone.stream.session().loop().execute(() -> gone.stream.detach(client)));
            }
        }
        sink = null;
        if (!over) {
            simulation.time.soon(300, () -> {
                if (attempt == connections) {
                    connect();
                }
            });
        }
    }

    /** The gateway is gone. */
    void gatewayDied() {
        if (connections == 0) {
            return;
        }
        if (sink != null) {
            sink.cut = true;
            sink = null;
        }
        int attempt = ++connections;
        simulation.time.soon(100, () -> {
            if (attempt == connections) {
                connect();
            }
        });
    }

    /** At the end of all trouble: it has everything. */
    void check() {
        if (standalone()) {
            assertThat(cursor)
                    .as("rule 3: the last event of %s came", name())
                    .isGreaterThanOrEqualTo(simulation.truth.newest(name()));
            return;
        }
        if (cursor == NONE || lostToPowerCut) {
            return;
        }
        if (simulation.powerCuts() == 0) {
            assertThat(answers)
                    .as("rule 5: answers of %s to %s", name(), clientId)
                    .isOne();
        }
        assertThat(over).as("rule 5: %s came to its end", name()).isTrue();
        assertThat(answers).as("rule 5: answers of %s to %s", name(), clientId).isPositive();
    }

    /** Its connection, as the gateway sees it. */
    private final class Sink implements EventSink {
        private final EventStream stream;
        private long last;
        private int room = 1 + simulation.time.random.nextInt(100);
        private boolean cut;
        private boolean ended;
        private @Nullable ClientStream client;

        Sink(EventStream stream, long after) {
            this.stream = stream;
            this.last = after;
        }

        @Override
        public boolean writable() {
            return room > 0;
        }

        @Override
        public void event(int number, long sequence, byte[] message) {
            assertThat(number).isEqualTo(SimulatedClient.this.stream);
            assertThat(ended).as("nothing comes after the end").isFalse();
            simulation.truth.shown(name(), last, sequence, message);
            simulation.shown();
            last = sequence;
            room--;
            if (room == 0) {
                simulation.time.soon(40, () -> {
                    room = 1 + simulation.time.random.nextInt(100);
                    stream.session().loop().execute(() -> {
                        if (client != null) {
                            client.pump();
                        }
                    });
                });
            }
            if (!cut) {
                received(sequence, StoredTruth.text(message));
            }
        }

        private void received(long sequence, String text) {
            cursor = sequence;
            if (standalone() || !(text.contains("\"result\"") || text.contains("\"error\""))) {
                return;
            }
            answers++;
            assertThat(text).as("rule 11: the answer's id").contains("\"id\":" + clientId + ",");
            if (text.contains("\"result\"")) {
                assertThat(text).as("rule 11: the answer").contains("\"" + token + "\"");
            }
        }

        @Override
        public void notice(byte[] message) {
            throw new AssertionError("no notice is due: " + StoredTruth.text(message));
        }

        @Override
        public void priming(int number, long sequence) {}

        @Override
        public void cursor(int number, long sequence) {
            throw new AssertionError("nothing was shown without an id");
        }

        @Override
        public void gap(int number, long sequence) {
            throw new AssertionError("there is no gap");
        }

        @Override
        public void flush() {}

        @Override
        public void finish() {
            end();
        }

        @Override
        public void abort() {
            end();
        }

        private void end() {
            ended = true;
            if (!cut && sink == this) {
                sink = null;
                int attempt = ++connections;
                simulation.time.soon(100, () -> {
                    if (attempt == connections) {
                        connect();
                    }
                });
            }
        }
    }
}
