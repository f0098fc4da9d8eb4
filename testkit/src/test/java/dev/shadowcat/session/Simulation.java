package dev.shadowcat.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.session.StoredTruth.Name;
import dev.shadowcat.store.MemoryStore;
import dev.shadowcat.store.Partition;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoredStream;
import dev.shadowcat.store.StreamRecord.Phase;
import dev.shadowcat.testkit.FailingStore;
import dev.shadowcat.testkit.Writes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Clients, upstreams and a gateway's core in one thread and in virtual time, with everything that goes wrong chosen by one
 * seed: connections that drop on both sides, a store that fails, stalls and refuses, kills and power cuts of the gateway.
 */
final class Simulation {
    static final String POISON = "poison";

    private static final long TROUBLE_MILLIS = 4_000;
    private static final long PEACE_MILLIS = 30_000;

    final VirtualTime time;
    final FailingStore store = new FailingStore(() -> new MemoryStore(Long.MAX_VALUE));
    final StoredTruth truth = new StoredTruth(store);
    SimulatedGateway gateway;

    private final List<SessionId> sessions = new ArrayList<>();
    private final Map<Name, SimulatedUpstream> upstreams = new HashMap<>();
    private final List<SimulatedClient> clients = new ArrayList<>();
    private final boolean poisoned;
    private final int maxIdle;
    private boolean trouble = true;
    private boolean powerCut; // the gateway that died now died of one
    private int powerCuts;
    private int said;
    private long shown;

    Simulation(long seed) {
        time = new VirtualTime(seed);
        poisoned = time.chance(0.3);
        maxIdle = time.chance(0.5) ? 0 : 100;
        for (int i = 0; i < 1 + time.random.nextInt(3); i++) {
            SessionId id = new SessionId(time.random.nextLong(), time.random.nextLong());
            sessions.add(id);
            store.append(List.of(new StoreWrite.PutSession(
                    Writes.record(id), Writes.bareState(), new dev.shadowcat.store.SessionActivity(0, 0))));
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

    int powerCuts() {
        return powerCuts;
    }

    void shown() {
        shown++;
    }

    SimulatedUpstream upstream(SessionId session, int stream) {
        return upstreams.computeIfAbsent(new Name(session, stream), _ -> new SimulatedUpstream(this, false));
    }

    SimulatedUpstream newUpstream(SessionId session, int stream, boolean givesIds) {
        SimulatedUpstream upstream = new SimulatedUpstream(this, givesIds);
        upstreams.put(new Name(session, stream), upstream);
        return upstream;
    }

    private String text() {
        String word = poisoned && time.chance(0.05) ? POISON : "word";
        return word + said++;
    }

    private String notification() {
        return "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"says\":\"" + text() + "\"}}";
    }

    /** What an upstream is to say to a call: a few messages or a flood, then the answer. */
    void plan(SimulatedUpstream upstream, String upstreamId, String clientId, String token) {
        long at = time.random.nextInt(50);
        int messages = time.chance(0.15) ? 100 : time.random.nextInt(6);
        boolean flood = messages > 10;
        for (int i = 0; i < messages; i++) {
            time.after(at, () -> upstream.say(notification()));
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
        SimulatedUpstream standalone = newUpstream(session, EventStream.STANDALONE, ids);
        SimulatedClient listener = new SimulatedClient(this, session, null, "");
        clients.add(listener);
        listener.connect();
        for (int i = 0; i < time.random.nextInt(15); i++) {
            time.after(time.random.nextLong(TROUBLE_MILLIS), () -> standalone.say(notification()));
        }
        for (int i = 0; i < 1 + time.random.nextInt(6); i++) {
            String clientId = String.valueOf(time.random.nextInt(3));
            SimulatedClient caller = new SimulatedClient(this, session, clientId, "token" + said++);
            clients.add(caller);
            time.after(time.random.nextLong(TROUBLE_MILLIS), () -> caller.call(ids));
        }
    }

    private void misfortunes() {
        if (time.chance(0.5)) {
            time.after(time.random.nextLong(1_000), () -> store.failAtRandom(time.random.nextLong(), 0.4));
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
        List<SimulatedUpstream> all = List.copyOf(upstreams.values());
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
        upstreams.values().forEach(SimulatedUpstream::cut);
        if (powerCut) {
            powerCuts++;
            store.crash();
            refusePoison();
            truth.readAgain();
        }
        gateway = new SimulatedGateway(this, maxIdle);
        clients.forEach(SimulatedClient::gatewayDied);
    }

    private void check() {
        clients.forEach(SimulatedClient::check);
        for (SessionId session : sessions) {
            for (StoredStream stored : store.streams(session)) {
                check(new Name(session, stored.record().number()), stored);
            }
        }
    }

    private void check(Name name, StoredStream stored) {
        SimulatedUpstream upstream = upstream(name.session(), name.stream());
        if (name.stream() != EventStream.STANDALONE) {
            assertThat(stored.record().phase()).as("rule 5: %s ended", name).isEqualTo(Phase.FINISHED);
            assertThat(truth.answers(name)).as("rule 5: answers of %s", name).isOne();
        }
        List<String> texts = truth.texts(name);
        assertThat(texts).as("rule 3: each event of %s is recorded once", name).doesNotHaveDuplicates();
        List<String> visible = upstream.visible();
        if (upstream.failed || upstream.poisonedAnswer()) {
            texts = texts.stream().filter(text -> !text.contains("\"error\"")).toList();
        }
        if (upstream.failed || !upstream.givesIds()) {
            List<String> rest = new ArrayList<>(texts);
            visible.forEach(text -> {
                if (!rest.isEmpty() && rest.getFirst().equals(text)) {
                    rest.removeFirst();
                }
            });
            assertThat(rest)
                    .as("what %s did not say, or not in this order", name)
                    .isEmpty();
            return;
        }
        assertThat(texts).as("what %s said, all of it", name).isEqualTo(visible);
    }
}
