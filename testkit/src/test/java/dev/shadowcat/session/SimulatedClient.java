package dev.shadowcat.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.observe.Operation;
import dev.shadowcat.persist.Completion;
import dev.shadowcat.session.StoredTruth.Name;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoredStream;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A client that follows one stream of a session, loses its connection now and then, and comes back with its cursor. */
final class SimulatedClient {
    private static final long NONE = -1;
    private static final long REFUSED_MILLIS = 3_000; // the gateway's retry
    private static final Pattern QUESTION =
            Pattern.compile("\"id\":(\"[^\"]*\"|\\d+),\"method\":\"roots/list\".*\"says\":\"(\\w+)\"");

    private final Simulation simulation;
    private final SessionId session;
    private final @Nullable String clientId; // of its request; null on the standalone stream
    private final String token;
    private int stream;
    private long cursor = NONE;
    private int connections; // each attempt has a number; what an older one brings is late
    private int answers;
    private int answersWithoutId;
    private boolean over;
    private boolean stranger; // its cursor is made up, or of another session
    private final Set<String> seen = new HashSet<>(); // what the upstream said
    private boolean excuseRepeats; // it was told that what it saw may come again, since the store lost it
    private boolean excused; // its stream or session is gone, for a reason
    private @Nullable SimulatedSink sink;

    SimulatedClient(Simulation simulation, SessionId session, @Nullable String clientId, String token) {
        this.simulation = simulation;
        this.session = session;
        this.clientId = clientId;
        this.token = token;
    }

    /** One with a cursor that it should not have. */
    static SimulatedClient stranger(Simulation simulation, SessionId session, int stream, long cursor) {
        SimulatedClient stranger = new SimulatedClient(simulation, session, stream == 0 ? null : "0", "");
        stranger.stranger = true;
        stranger.stream = stream;
        stranger.cursor = cursor;
        return stranger;
    }

    private boolean standalone() {
        return clientId == null;
    }

    SessionId session() {
        return session;
    }

    private Name name() {
        return new Name(session, stream);
    }

    /** Sends a request, which opens a stream. */
    void call(boolean upstreamGivesIds) {
        int attempt = ++connections;
        find(attempt, found -> {
            found.recover();
            simulation.gateway.sessions().keep(found);
            found.withServer(alive -> {
                if (alive && !found.deleted() && attempt == connections && !found.dead()) {
                    begin(attempt, found, upstreamGivesIds);
                } else {
                    over = true; // its connection broke before anything was sent
                }
                simulation.gateway.sessions().release(found);
            });
        });
    }

    private void begin(int attempt, SimulatedSession found, boolean upstreamGivesIds) {
        Call call = found.begin(new RequestId(String.valueOf(clientId)), "tools/call", null, Operation.NONE);
        EventStream[] opened = new EventStream[1];
        opened[0] = found.openStream(List.of(call), () -> {
            if (attempt == connections && !found.deleted()) {
                attach(opened[0], 0, false);
            }
        });
        stream = opened[0].number();
        SimulatedUpstream upstream =
                simulation.newUpstream(name(), found.state().upstreamSession(), upstreamGivesIds);
        upstream.connect(found, opened[0]);
        simulation.plan(upstream, call.upstreamId().json(), call.clientId().json(), token);
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
            if (!found.hasSkipped() || cursor == NONE) {
                come(attempt, found, 0);
                return;
            }
            read(
                    attempt,
                    found,
                    () -> Resumption.skippedThrough(simulation.gateway.store(), session, stream, cursor),
                    through -> come(attempt, found, through));
        });
    }

    private void come(int attempt, SimulatedSession found, long skippedThrough) {
        if (!standalone()) {
            resume(attempt, found, skippedThrough);
            return;
        }
        EventStream served = found.standalone();
        long after = cursor == NONE ? Math.min(found.standaloneCursor(), served.newest()) : cursor;
        serve(attempt, found, served, after, skippedThrough);
        simulation.upstream(session, 0).lost(found, served);
    }

    private void resume(int attempt, SimulatedSession found, long skippedThrough) {
        EventStream known = found.stream(stream);
        if (known != null) {
            serve(attempt, found, known, cursor, skippedThrough);
            return;
        }
        read(
                attempt,
                found,
                () -> simulation.gateway.store().stream(session, stream),
                read -> recalled(attempt, found, read, skippedThrough));
    }

    private <T> void read(int attempt, SimulatedSession found, Supplier<T> question, Consumer<T> then) {
        simulation.gateway.sessions().keep(found);
        simulation
                .gateway
                .reader()
                .read(
                        found.loop(),
                        question,
                        read -> {
                            if (attempt == connections && !found.deleted()) {
                                then.accept(read);
                            }
                            simulation.gateway.sessions().release(found);
                        },
                        unreadable -> {
                            later(attempt, 50);
                            simulation.gateway.sessions().release(found);
                        });
    }

    private void recalled(int attempt, SimulatedSession found, Optional<StoredStream> read, long skippedThrough) {
        if (read.isEmpty()) { // 400
            assertThat(stranger || simulation.powerCuts() > 0 || simulation.forgetsStreams())
                    .as("rule 2: the stream %s is known", name())
                    .isTrue();
            over = true;
            excused = true;
            return;
        }
        serve(attempt, found, found.recall(read.get()), cursor, skippedThrough);
    }

    private void serve(int attempt, SimulatedSession found, EventStream served, long after, long skippedThrough) {
        switch (Resumption.of(served, after, skippedThrough)) {
            case Resumption.Unknown _ -> {
                assertThat(stranger)
                        .as("rule 2: the cursor %d of %s is one that was given", after, name())
                        .isTrue();
                over = true; // 400
            }
            case Resumption.Over _ -> {
                if (served.client() == null) {
                    found.leaveMemory(served);
                }
                over = true; // 405
            }
            case Resumption.Whole whole -> take(attempt, found, served, whole.after(), false);
            case Resumption.Gap gap -> {
                assertThat(simulation.powerCuts() > 0 || simulation.trims())
                        .as("rule 6: a gap of %s without a cause", name())
                        .isTrue();
                excuseRepeats |= gap.repeats();
                take(attempt, found, served, gap.after(), true);
            }
        }
    }

    private void take(int attempt, SimulatedSession found, EventStream served, long after, boolean gap) {
        if (!found.mayReplace(served)) { // 409
            later(attempt, REFUSED_MILLIS);
            return;
        }
        attach(served, after, gap);
    }

    private void attach(EventStream served, long after, boolean gap) {
        ClientStream before = served.client();
        SimulatedSink attached = new SimulatedSink(simulation, this, served, after, gap);
        sink = attached;
        attached.client = new ClientStream(served, attached, after);
        if (gap) {
            attached.client.gapTold();
        }
        if (served.standalone()) {
            cursor = Math.max(cursor, after); // primed
        } else {
            served.whenRecordStored(() -> {
                if (sink == attached) {
                    cursor = Math.max(cursor, after); // likewise
                }
            });
        }
        served.attach(attached.client);
        if (before != null) {
            assertThat(((SimulatedSink) before.sink()).ended())
                    .as("rule 10: the connection that %s had before is closed", name())
                    .isTrue();
        }
    }

    private void find(int attempt, Consumer<SimulatedSession> then) {
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
                            found -> found(attempt, gateway, found, then),
                            unreadable -> later(attempt, 50)));
        });
    }

    private void found(
            int attempt, SimulatedGateway gateway, Optional<SimulatedSession> found, Consumer<SimulatedSession> then) {
        if (found.isEmpty() || found.get().deleted()) { // 404
            assertThat(simulation.mayBeGone(session))
                    .as("rule 7: the session %s is known", session)
                    .isTrue();
            if (attempt == connections) {
                over = true;
                excused = true;
            }
        } else if (attempt == connections) {
            assertThat(simulation.isGone(session))
                    .as("the session %s does not come back after its end", session)
                    .isFalse();
            then.accept(found.get());
        }
        found.ifPresent(gateway.sessions()::release);
    }

    private void later(int attempt, long millis) {
        simulation.time.after(millis, () -> {
            if (attempt == connections) {
                connect();
            }
        });
    }

    /** Ends the session for all who use it. */
    void delete() {
        SimulatedGateway gateway = simulation.gateway;
        SimulatedLoop loop = gateway.loop(session);
        loop.execute(() -> gateway.sessions()
                .find(
                        session,
                        loop,
                        found -> found.ifPresent(known -> {
                            simulation.ending(session);
                            gateway.sessions().delete(known, new Completion() {
                                @Override
                                public void stored(StoreWrite write) {
                                    simulation.gone(session);
                                }

                                @Override
                                public void refused(StoreWrite write, String reason) {}
                            });
                            gateway.sessions().release(known);
                        }),
                        unreadable -> {}));
    }

    /** Loses its connection. The gateway hears of it soon, late, or only by the next connection. */
    void drop() {
        if (connections == 0) {
            return; // its time has not come
        }
        SimulatedSink gone = sink;
        int attempt = ++connections;
        if (gone != null && gone.client != null) {
            gone.cut();
            ClientStream client = gone.client;
            if (simulation.time.chance(0.7)) {
                simulation.time.soon(30, () -> gone.stream.session().loop().execute(() -> gone.stream.detach(client)));
            }
        }
        sink = null;
        comeBack(attempt, 300);
    }

    /** The gateway is gone. */
    void gatewayDied() {
        if (connections == 0) {
            return;
        }
        if (sink != null) {
            sink.cut();
            sink = null;
        }
        comeBack(++connections, 100);
    }

    /** The gateway ended its connection. */
    void ended(SimulatedSink gone) {
        if (sink == gone) {
            sink = null;
            comeBack(++connections, 100);
        }
    }

    private void comeBack(int attempt, int withinMillis) {
        if (!over && !stranger) {
            simulation.time.soon(withinMillis, () -> {
                if (attempt == connections) {
                    connect();
                }
            });
        }
    }

    /** An event came. */
    void received(long sequence, String text) {
        assertThat(!text.contains("\"from\"") || seen.add(text) || excuseRepeats || simulation.delivers())
                .as("rule 3: %s does not get twice, untold: %s", name(), text)
                .isTrue();
        cursor = sequence;
        answers += isAnswer(text) ? 1 : 0;
        read(text);
    }

    /** An event came without an id. */
    void receivedWithoutId(String text) {
        answersWithoutId += isAnswer(text) ? 1 : 0;
        read(text);
    }

    /** It has everything up to there. */
    void moved(long sequence) {
        cursor = sequence;
    }

    private boolean isAnswer(String text) {
        return !standalone() && !stranger && (text.contains("\"result\"") || text.contains("\"error\""));
    }

    private void read(String text) {
        Matcher question = QUESTION.matcher(text);
        if (question.find()) {
            String id = question.group(1);
            String says = question.group(2);
            simulation.time.soon(500, () -> answer(new RequestId(id), says));
        }
        if (!isAnswer(text)) {
            return;
        }
        assertThat(text).as("rule 11: the answer's id").contains("\"id\":" + clientId + ",");
        if (text.contains("\"result\"")) {
            assertThat(text).as("rule 11: the answer").contains("\"" + token + "\"");
        }
    }

    /** Answers a question of the server. */
    private void answer(RequestId id, String says) {
        find(connections, found -> {
            RequestId upstreamId = found.serverRequests().answered(id, found.generation());
            if (upstreamId != null) {
                String upstreamSession = found.state().upstreamSession();
                simulation
                        .server(session)
                        .answered(upstreamSession, upstreamId.json(), says, simulation.powerCuts() == 0);
            }
        });
    }

    /** Whether it is the one that has its stream now. */
    boolean holds() {
        return sink != null;
    }

    /** At the end of all trouble: it has everything. */
    void check() {
        if (stranger || excused || simulation.isGone(session)) {
            assertThat(excused || sink == null || !simulation.isGone(session))
                    .as("the connections of %s end with it", session)
                    .isTrue();
            return;
        }
        if (standalone()) {
            if (holds()) {
                assertThat(cursor)
                        .as("rule 3: the last event of %s came", name())
                        .isGreaterThanOrEqualTo(simulation.truth.newest(name()));
            }
            return;
        }
        if (cursor == NONE) {
            return;
        }
        assertThat(over).as("rule 5: %s came to its end", name()).isTrue();
        assertThat(answers + answersWithoutId)
                .as("rule 5: answers of %s to %s", name(), clientId)
                .isPositive();
        if (simulation.powerCuts() == 0) {
            assertThat(answers)
                    .as("rule 5: answers of %s to %s", name(), clientId)
                    .isLessThanOrEqualTo(1);
        }
    }
}
