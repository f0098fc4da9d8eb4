package dev.shadowcat.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.memory.Interner;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.persist.Completion;
import dev.shadowcat.persist.Lane;
import dev.shadowcat.persist.OnStoreFailure;
import dev.shadowcat.persist.PersistenceSettings;
import dev.shadowcat.persist.StoreFailureSettings;
import dev.shadowcat.persist.VirtualWorker;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoredSession;
import dev.shadowcat.store.StoredStream;
import dev.shadowcat.testkit.ForwardingStore;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One life of a gateway: the real worker, sessions and streams over the simulation's store, loops and time. */
final class SimulatedGateway {
    private static final StoreFailureSettings DELIVER =
            new StoreFailureSettings(Duration.ofSeconds(5), OnStoreFailure.DELIVER, Duration.ofMillis(200));

    private static final long SLOW_MILLIS = 1_000;

    private final Simulation simulation;
    private final EventStore store;
    private final VirtualWorker worker;
    private final StoreReader reader;
    private final SimulatedLoop[] loops;
    private final SessionManager<SimulatedSession> sessions;
    private final Retention retention;
    private final Lane maintenance;
    private final Map<SessionId, SimulatedSession> newest = new HashMap<>(); // of those that were ever in memory
    private boolean dead;
    private boolean walked; // once: what a kill interrupted has been taken up

    SimulatedGateway(Simulation simulation, int maxIdle) {
        this.simulation = simulation;
        VirtualTime time = simulation.time;
        this.store = new StallingStore(simulation.store);
        this.worker = new VirtualWorker(
                store, settings(simulation.delivers()), time.nanoTime(), this::pause, time.random, Observer.NONE);
        this.reader = new StoreReader(task -> time.soon(3, () -> {
            if (!dead) {
                task.run();
            }
        }));
        this.loops = new SimulatedLoop[] {new SimulatedLoop(time), new SimulatedLoop(time)};
        SessionServices services = new SessionServices(
                store, worker.worker(), reader, clock(time), Observer.NONE, simulation.limits, 4_000, new Interner());
        this.sessions = new SessionManager<>(services, this::session, id -> loops[(int) (id.low() & 1)], maxIdle);
        this.retention = new Retention(store, simulation.limits);
        this.maintenance = worker.worker().lane(loops[0], Lane.Listener.NOBODY);
        turnWorker();
        maintain();
        beat();
    }

    private static PersistenceSettings settings(boolean delivers) {
        return new PersistenceSettings(
                40,
                8_000,
                2_000,
                5,
                Duration.ofMillis(100),
                Duration.ZERO,
                Duration.ofMillis(100),
                Duration.ofSeconds(5),
                delivers ? DELIVER : StoreFailureSettings.DEFAULTS);
    }

    private static Clock clock(VirtualTime time) {
        return new Clock() {
            @Override
            public ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
                return this;
            }

            @Override
            public Instant instant() {
                return time.clock().instant();
            }
        };
    }

    private void turnWorker() {
        simulation.time.after(1 + simulation.time.random.nextInt(4), () -> {
            if (dead) {
                return;
            }
            try {
                worker.turn();
            } catch (InterruptedException died) {
                return;
            }
            turnWorker();
        });
    }

    private SimulatedSession session(
            SessionServices services, SessionLoop loop, StoredSession known, List<StoredStream> streams) {
        SimulatedSession session = new SimulatedSession(simulation, this, services, loop, known, streams);
        SimulatedSession before = newest.put(session.id(), session);
        assertThat(before == null || before.lane().settled())
                .as("a session comes back from the store when all of it is there")
                .isTrue();
        return session;
    }

    /** What has expired goes, as in the gateway's maintenance: read by a reader, written by the worker. */
    private void maintain() {
        simulation.time.after(500, () -> {
            if (!dead) {
                reader.read(loops[0], this::walk, done -> {}, unreadable -> walked = false);
                maintain();
            }
        });
    }

    private boolean walk() {
        boolean first = !walked;
        walked = true;
        long now = simulation.time.clock().millis();
        long idleSince = now - simulation.limits.sessionIdle().toMillis();
        for (StoredSession known : store.sessions(null, 100)) {
            SessionId id = known.record().id();
            if (known.activity().lastActiveMillis() < idleSince) {
                expire(id, idleSince);
                continue;
            }
            if (first) {
                takeUp(id);
            }
            for (StoreWrite write : retention.due(id, now)) {
                tell(write);
                loops[0].execute(() -> maintenance.offer(write, Completion.NOBODY));
            }
        }
        return true;
    }

    /** What a kill interrupted goes on, whether or not a client comes back. */
    private void takeUp(SessionId id) {
        sessions.find(
                id,
                loops[0],
                found -> found.ifPresent(session -> {
                    session.recover();
                    sessions.release(session);
                }),
                unreadable -> walked = false);
    }

    private void expire(SessionId id, long idleSince) {
        SimulatedSession before = sessions.inMemory(id);
        boolean attended = before != null
                && before.streams().stream().anyMatch(each -> each.client() != null)
                && before.pending() + before.holds > 0;
        simulation.ending(id);
        if (sessions.expire(id, idleSince)) {
            assertThat(attended).as("a session in use does not expire").isFalse();
            simulation.gone(id);
            return;
        }
        simulation.notEnding(id);
    }

    private void tell(StoreWrite write) {
        SimulatedSession session = sessions.inMemory(write.session());
        if (session != null && write instanceof StoreWrite.TrimStream trim) {
            session.loop().run(() -> {
                EventStream stream = session.stream(trim.stream());
                if (stream != null) {
                    stream.trimmed(trim.throughSequence());
                }
            });
        }
    }

    /** Cuts whoever takes nothing. */
    private void beat() {
        simulation.time.after(300, () -> {
            if (dead) {
                return;
            }
            sessions.forEach(session -> session.loop().execute(() -> beat(session)));
            beat();
        });
    }

    private void beat(SimulatedSession session) {
        for (EventStream stream : session.streams()) {
            ClientStream client = stream.client();
            if (client != null && client.stalledSince(simulation.time.clock().millis() - SLOW_MILLIS)) {
                stream.detach(client);
                client.sink().abort();
            }
        }
        sessions.settled(session);
    }

    private void pause(long millis) throws InterruptedException {
        simulation.time.pass(millis, () -> dead);
        if (dead) {
            throw new InterruptedException("killed");
        }
    }

    /** The process is killed: nothing of it runs any more. */
    void die() {
        dead = true;
        for (SimulatedLoop loop : loops) {
            loop.die();
        }
    }

    boolean dead() {
        return dead;
    }

    SessionManager<SimulatedSession> sessions() {
        return sessions;
    }

    StoreReader reader() {
        return reader;
    }

    EventStore store() {
        return store;
    }

    SimulatedLoop loop(SessionId id) {
        return loops[(int) (id.low() & 1)];
    }

    /** Takes its time now and then, before and after it has stored; what it has stored is true. */
    private final class StallingStore extends ForwardingStore {
        StallingStore(EventStore behind) {
            super(behind);
        }

        @Override
        public AppendOutcome append(List<StoreWrite> batch) {
            stall();
            try {
                AppendOutcome outcome = super.append(batch);
                if (outcome instanceof AppendOutcome.Stored) {
                    simulation.truth.stored(batch);
                }
                return outcome;
            } catch (StoreException unknown) {
                simulation.truth.stored(batch);
                throw unknown;
            } finally {
                stall();
            }
        }

        @Override
        public boolean expire(SessionId session, long idleSinceMillis) {
            stall();
            return super.expire(session, idleSinceMillis);
        }

        @Override
        public Optional<StoredSession> session(SessionId session) {
            Optional<StoredSession> read = super.session(session);
            stall();
            return read;
        }

        private void stall() {
            if (simulation.chaos(0.03)) {
                simulation.time.pass(simulation.time.random.nextInt(400), () -> dead);
            }
            if (dead) {
                throw new StoreException("killed", null);
            }
        }

        @Override
        public List<Event> read(SessionId session, int stream, long after, int maxEvents, long maxBytes) {
            if (simulation.chaos(0.02)) {
                throw new StoreException("told to fail a read", null);
            }
            return super.read(session, stream, after, maxEvents, maxBytes);
        }
    }
}
