package dev.shadowcat.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.session.StoredTruth.Name;
import dev.shadowcat.store.CredentialBinding;
import dev.shadowcat.store.MemoryStore;
import dev.shadowcat.store.Owner;
import dev.shadowcat.store.Partition;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.SessionState;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoredStream;
import dev.shadowcat.store.StreamRecord.Phase;
import dev.shadowcat.testkit.FailingStore;
import dev.shadowcat.testkit.Writes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Clients, upstreams and a gateway's core in one thread and in virtual time, with everything that goes wrong chosen by one
 * seed: connections that drop on both sides, a store that fails, stalls and refuses, kills and power cuts of the gateway. Some
 * gateways send on what the store does not take.
 */
final class Simulation {
    static final String POISON = "poison";

    private static final long TROUBLE_MILLIS = 4_000;
    private static final long PEACE_MILLIS = 45_000; // longer than a stream keeps its holder
    private static final Pattern PREFIXED = Pattern.compile("\"id\":\"shadowcat-g\\d+-(\\d+)\"");

    final VirtualTime time;
    final FailingStore store = new FailingStore(() -> new MemoryStore(Long.MAX_VALUE));
    final StoredTruth truth = new StoredTruth(store);
    final RetentionLimits limits;
    SimulatedGateway gateway;

    private final List<SessionId> sessions = new ArrayList<>();
    private final Map<SessionId, SimulatedServer> servers = new HashMap<>();
    private final Map<Name, List<SimulatedUpstream>> upstreams =
            new HashMap<>(); // a stream's, one for each upstream session
    private final Map<SessionId, Integer> endings = new HashMap<>(); // under way
    private final Set<SessionId> gone = new HashSet<>(); // for good
    private final List<SimulatedClient> clients = new ArrayList<>();
    private final Set<String> sentOn = new HashSet<>(); // without an id, to anyone
    private final boolean delivers;
    private final boolean poisoned;
    private final int maxIdle;
    private boolean trouble = true;
    private boolean powerCut; // the gateway that died now died of one
    private int powerCuts;
    private int said;
    private long shown;
    private long shownWithoutId;

    Simulation(long seed) {
        time = new VirtualTime(seed);
        delivers = time.chance(0.3);
        poisoned = !delivers && time.chance(0.4);
        maxIdle = time.random.nextInt(3) * 2;
        limits = new RetentionLimits(
                time.chance(0.1) ? Duration.ofSeconds(2) : Duration.ofHours(1),
                time.chance(0.3) ? 5 + time.random.nextInt(40) : 10_000,
                time.chance(0.2) ? 3_000 : 64 << 20,
                time.chance(0.2) ? Duration.ofMillis(1_500) : Duration.ofHours(1));
        for (int i = 0; i < 1 + time.random.nextInt(3); i++) {
            SessionId id = new SessionId(time.random.nextLong(), time.random.nextLong());
            sessions.add(id);
            servers.put(id, new SimulatedServer());
            SessionState state =
                    new SessionState(1, "up1", null, true, null, List.of(), CredentialBinding.NONE, 0, 0, Owner.ONLY);
            SessionActivity activity = new SessionActivity(time.clock().millis(), 0);
            store.append(List.of(new StoreWrite.PutSession(Writes.record(id), state, activity)));
        }
        store.sync();
        refusePoison();
        gateway = new SimulatedGateway(this, maxIdle);
    }

    private void refusePoison() {
        store.refuse(write -> write instanceof StoreWrite.AppendEvent append
                && StoredTruth.text(append.event().message()).contains(POISON));
    }

    /** Whether something goes wrong that does so now and then, while trouble lasts. */
    boolean chaos(double probability) {
        return trouble && time.chance(probability);
    }

    /** Whether events are sent on unstored where the store fails for long. */
    boolean delivers() {
        return delivers;
    }

    /** A client was shown something without an id. */
    void sentOn(String text) {
        sentOn.add(asSaid(text));
        shownWithoutId++;
    }

    long shownWithoutId() {
        return shownWithoutId;
    }

    /** What the upstream said, without what keeps ids of two generations apart. */
    private static String asSaid(String text) {
        return PREFIXED.matcher(text).replaceFirst("\"id\":$1");
    }

    int powerCuts() {
        return powerCuts;
    }

    void shown() {
        shown++;
    }

    /** Whether retention may take single events. */
    boolean trims() {
        return limits.eventsPerStream() < 10_000 || limits.bytesPerSession() < 10_000 || forgetsStreams();
    }

    /** Whether retention may take whole streams. */
    boolean forgetsStreams() {
        return limits.eventsFor().toSeconds() < 10;
    }

    /** A session begins to end; until it is gone, a kill may bring it back. */
    void ending(SessionId session) {
        endings.merge(session, 1, Integer::sum);
    }

    void notEnding(SessionId session) {
        endings.merge(session, -1, Integer::sum);
    }

    /** The store has forgotten it. */
    void gone(SessionId session) {
        gone.add(session);
        upstreams.forEach((name, all) -> {
            if (name.session().equals(session)) {
                all.forEach(SimulatedUpstream::cut);
            }
        });
    }

    boolean mayBeGone(SessionId session) {
        return gone.contains(session) || endings.getOrDefault(session, 0) > 0;
    }

    boolean isGone(SessionId session) {
        return gone.contains(session);
    }

    SimulatedServer server(SessionId session) {
        return Objects.requireNonNull(servers.get(session));
    }

    /** The server gives a session a new upstream session, with a standalone stream of its own. */
    String initialize(SessionId session) {
        String fresh = server(session).initialize();
        Name standalone = new Name(session, EventStream.STANDALONE);
        newUpstream(standalone, fresh, upstream(session, EventStream.STANDALONE).givesIds());
        return fresh;
    }

    private void restartServer(SessionId session) {
        server(session).restart();
        upstreams.forEach((name, all) -> {
            if (name.session().equals(session)) {
                all.forEach(SimulatedUpstream::drop);
            }
        });
    }

    /** How each message says which stream it belongs to. */
    static String from(Name name) {
        return "\"from\":\"" + name.session().shortened() + "/" + name.stream() + "\"";
    }

    SimulatedUpstream upstream(SessionId session, int stream) {
        Name name = new Name(session, stream);
        return upstreams
                .computeIfAbsent(name, _ -> new ArrayList<>(List.of(new SimulatedUpstream(this, name, "none", false))))
                .getLast();
    }

    SimulatedUpstream newUpstream(Name name, @Nullable String serverSession, boolean givesIds) {
        SimulatedUpstream upstream = new SimulatedUpstream(this, name, serverSession, givesIds);
        upstreams.computeIfAbsent(name, _ -> new ArrayList<>()).add(upstream);
        return upstream;
    }

    private String text() {
        String word = poisoned && time.chance(0.05) ? POISON : "word";
        return word + said++;
    }

    /** What an upstream is to say to a call: a few messages or a flood, then the answer. */
    void plan(SimulatedUpstream upstream, String upstreamId, String clientId, String token) {
        long at = time.random.nextInt(50);
        int messages = time.chance(0.15) ? 100 : time.random.nextInt(6);
        boolean flood = messages > 10;
        for (int i = 0; i < messages; i++) {
            if (time.chance(0.1)) {
                time.after(at, () -> upstream.ask("question" + said++));
            }
            time.after(at, () -> upstream.notify(text()));
            at += flood ? 0 : time.random.nextInt(200);
        }
        String result = poisoned && time.chance(0.05) ? POISON : token;
        time.after(at, () -> upstream.answer(upstreamId, clientId, result));
    }

    /** Everything that happens, and then the proof that nothing is missing. Returns how many events clients were shown. */
    long run() {
        sessions.forEach(this::live);
        misfortunes();
        while (time.now() < TROUBLE_MILLIS) {
            time.pass(TROUBLE_MILLIS - time.now(), () -> gateway.dead());
            restartIfDead();
        }
        trouble = false;
        store.heal();
        refusePoison();
        time.pass(PEACE_MILLIS, () -> gateway.dead());
        for (Throwable failure : time.failures()) {
            throw new AssertionError(failure.getMessage(), failure);
        }
        assertThat(gateway.dead()).isFalse();
        check();
        return shown;
    }

    private void live(SessionId session) {
        boolean ids = time.chance(0.7);
        newUpstream(new Name(session, EventStream.STANDALONE), "up1", ids);
        for (int listeners = time.random.nextInt(10);
                listeners > 0;
                listeners -= 6) { // two of them fight for one stream
            SimulatedClient listener = new SimulatedClient(this, session, null, "");
            clients.add(listener);
            listener.connect();
        }
        for (int i = 0; i < time.random.nextInt(15); i++) {
            boolean asks = time.chance(0.3);
            soon(() -> {
                SimulatedUpstream standalone = upstream(session, EventStream.STANDALONE);
                if (asks) {
                    standalone.ask("question" + said++);
                } else {
                    standalone.notify(text());
                }
            });
        }
        for (int i = 0; i < 1 + time.random.nextInt(6); i++) {
            String clientId = String.valueOf(time.random.nextInt(3)); // clients that count from 0 again
            SimulatedClient caller = new SimulatedClient(this, session, clientId, "token" + said++);
            clients.add(caller);
            soon(() -> caller.call(ids));
        }
        if (time.chance(0.2)) {
            SimulatedClient stranger =
                    SimulatedClient.stranger(this, session, time.random.nextInt(6), time.random.nextInt(40));
            clients.add(stranger);
            soon(stranger::connect);
        }
        if (time.chance(0.1)) {
            soon(() -> new SimulatedClient(this, session, null, "").delete());
        }
        for (int i = time.chance(0.3) ? 1 + time.random.nextInt(2) : 0; i > 0; i--) {
            soon(() -> restartServer(session));
        }
    }

    /** Some time while trouble lasts. */
    private void soon(Runnable what) {
        time.after(time.random.nextLong(TROUBLE_MILLIS), what);
    }

    private void misfortunes() {
        if (time.chance(0.5)) {
            time.after(time.random.nextLong(1_000), () -> store.failAtRandom(time.random.nextLong(), 0.4));
        }
        for (int i = delivers ? 1 + time.random.nextInt(4) : 0; i > 0; i--) {
            soon(() -> store.throwFor(1 + time.random.nextInt(20)));
        }
        for (int i = 0; i < time.random.nextInt(15); i++) {
            time.after(
                    time.random.nextLong(TROUBLE_MILLIS),
                    () -> clients.get(time.random.nextInt(clients.size())).drop());
            time.after(time.random.nextLong(TROUBLE_MILLIS), this::dropAnUpstream);
        }
        for (int i = 0; i < time.random.nextInt(4); i++) {
            Partition part = new Partition.OneSession(sessions.get(time.random.nextInt(sessions.size())));
            long from = time.random.nextLong(TROUBLE_MILLIS);
            time.after(from, () -> store.fail(part));
            time.after(from + time.random.nextLong(1_500), () -> store.heal(part));
        }
        for (int i = 0; i < time.random.nextInt(3); i++) {
            boolean power = time.chance(0.4);
            time.after(time.random.nextLong(TROUBLE_MILLIS), () -> {
                powerCut = power;
                gateway.die();
            });
        }
        sync();
    }

    private void dropAnUpstream() {
        List<SimulatedUpstream> all =
                upstreams.values().stream().flatMap(List::stream).toList();
        all.get(time.random.nextInt(all.size())).drop();
    }

    private void sync() {
        time.after(100, () -> {
            store.sync();
            sync();
        });
    }

    private void restartIfDead() {
        if (!gateway.dead()) {
            return;
        }
        upstreams.values().forEach(all -> all.forEach(SimulatedUpstream::cut));
        if (powerCut) {
            powerCuts++;
            store.crash();
            refusePoison();
            truth.readAgain();
            gone.removeIf(session -> store.session(session).isPresent());
        }
        gateway = new SimulatedGateway(this, maxIdle);
        clients.forEach(SimulatedClient::gatewayDied);
    }

    private void check() {
        clients.forEach(SimulatedClient::check);
        for (SessionId session : sessions) {
            boolean known = store.session(session).isPresent();
            assertThat(known && gone.contains(session))
                    .as("the session %s is there after its end", session)
                    .isFalse();
            assertThat(known || mayBeGone(session))
                    .as("rule 7: the session %s is there unless it ended", session)
                    .isTrue();
            if (!known) {
                assertThat(store.streams(session))
                        .as("what is left of %s", session)
                        .isEmpty();
                assertThat(gateway.sessions().inMemory(session))
                        .as("the session %s is not in memory alone", session)
                        .isNull();
            }
            long holders = clients.stream()
                    .filter(each -> each.session().equals(session) && each.holds())
                    .count();
            assertThat(holders)
                    .as("rule 10: who holds the streams of %s", session)
                    .isLessThanOrEqualTo(1);
            for (StoredStream stored : store.streams(session)) {
                check(new Name(session, stored.record().number()), stored);
            }
        }
    }

    private void check(Name name, StoredStream stored) {
        List<SimulatedUpstream> spoke = upstreams.getOrDefault(name, List.of());
        if (name.stream() != EventStream.STANDALONE && !spoke.isEmpty()) {
            spoke = List.of(spoke.getLast()); // one before had its number, and a kill before anyone heard of it
        }
        if (name.stream() != EventStream.STANDALONE) {
            assertThat(stored.record().phase()).as("rule 5: %s ended", name).isEqualTo(Phase.FINISHED);
            assertThat(truth.answers(name)).as("rule 5: answers of %s", name).isOne();
        }
        List<String> rest = new ArrayList<>();
        for (String text : truth.texts(name)) {
            if (text.contains("\"from\"")) { // what has none is Shadowcat's own
                rest.add(asSaid(text));
            }
        }
        assertThat(rest).as("rule 3: each event of %s is recorded once", name).doesNotHaveDuplicates();
        for (SimulatedUpstream upstream : spoke) {
            List<String> visible = upstream.visible().stream()
                    .filter(text -> !sentOn.contains(text) || rest.contains(text)) // else let go, or lost in a kill
                    .toList();
            boolean connected = name.stream() != EventStream.STANDALONE || followed(name);
            if (connected && upstream.owesAll()) {
                assertThat(rest.subList(0, Math.min(rest.size(), visible.size())))
                        .as("what %s said, all of it", name)
                        .isEqualTo(visible);
            }
            for (String text : visible) {
                if (!rest.isEmpty() && rest.getFirst().equals(text)) {
                    rest.removeFirst();
                }
            }
        }
        assertThat(rest).as("what %s did not say, or not in this order", name).isEmpty();
    }

    /** Whether somebody listens in the end, so that the upstream is connected. */
    private boolean followed(Name name) {
        return clients.stream().anyMatch(each -> each.session().equals(name.session()) && each.holds());
    }
}
