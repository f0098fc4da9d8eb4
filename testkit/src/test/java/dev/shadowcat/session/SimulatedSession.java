package dev.shadowcat.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.persist.Completion;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoredSession;
import dev.shadowcat.store.StoredStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A session as the gateway has it: recovers once what a restart interrupted, stays while its upstream is open, and gets a new
 * upstream session where the server has forgotten the old one.
 */
final class SimulatedSession extends Session {
    private final Simulation simulation;
    private final SimulatedGateway gateway;
    private final Contest contest = new Contest();
    private final Map<Integer, List<Long>> replacements = new HashMap<>();
    private @Nullable List<Consumer<Boolean>> waiting; // for a new upstream session
    private boolean recovered;

    SimulatedSession(
            Simulation simulation,
            SimulatedGateway gateway,
            SessionServices services,
            SessionLoop loop,
            StoredSession known,
            List<StoredStream> streams) {
        super(services, loop, known, streams);
        this.simulation = simulation;
        this.gateway = gateway;
    }

    boolean dead() {
        return simulation.gateway != gateway;
    }

    /** A client is back, and with it the credentials for the upstream. */
    void recover() {
        touch();
        if (recovered) {
            return;
        }
        recovered = true;
        for (EventStream stream : List.copyOf(streams())) {
            if (!stream.standalone()) {
                simulation.upstream(id(), stream.number()).lost(this, stream);
            }
        }
    }

    private SimulatedServer server() {
        return simulation.server(id());
    }

    /** Goes on once the server knows the session's upstream session; with false where the session ends first. */
    void withServer(Consumer<Boolean> then) {
        if (server().knows(state().upstreamSession()) || dead()) {
            then.accept(true);
            return;
        }
        if (waiting != null) {
            waiting.add(then);
            return;
        }
        waiting = new ArrayList<>(List.of(then));
        loop().after(simulation.time.random.nextInt(20), this::initialize);
    }

    private void initialize() {
        if (deleted()) {
            healed(false);
            return;
        }
        String fresh = simulation.initialize(id());
        change(now -> now.withUpstreamSession(fresh, null), new Completion() {
            @Override
            public void stored(StoreWrite write) {
                healed(true);
            }

            @Override
            public void refused(StoreWrite write, String reason) {
                healed(false);
            }
        });
        regenerated();
    }

    private void healed(boolean alive) {
        List<Consumer<Boolean>> told = waiting == null ? List.of() : waiting;
        waiting = null;
        EventStream standalone = stream(EventStream.STANDALONE);
        if (alive && standalone != null) {
            simulation.upstream(id(), EventStream.STANDALONE).lost(this, standalone);
        }
        told.forEach(each -> {
            if (alive) {
                withServer(each);
            } else {
                each.accept(false);
            }
        });
    }

    /** Rule 10: whether a connection may take a stream from the one that holds it. */
    boolean mayReplace(EventStream stream) {
        if (stream.client() == null) {
            return true;
        }
        long now = simulation.time.now();
        if (!contest.mayReplace(stream.number(), now)) {
            return false;
        }
        List<Long> recent = replacements.computeIfAbsent(stream.number(), _ -> new ArrayList<>());
        recent.add(now);
        assertThat(recent.stream().filter(each -> each >= now - 10_000))
                .as("rule 10: %s-%d changed hands", id(), stream.number())
                .hasSizeLessThanOrEqualTo(4);
        return true;
    }

    @Override
    public boolean busy() {
        return super.busy()
                || waiting != null
                || streams().stream()
                        .anyMatch(
                                each -> simulation.upstream(id(), each.number()).connected());
    }
}
