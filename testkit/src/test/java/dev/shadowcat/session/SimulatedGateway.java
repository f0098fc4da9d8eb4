package dev.shadowcat.session;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.persist.PersistenceSettings;
import dev.shadowcat.persist.VirtualWorker;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.testkit.ForwardingStore;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;

/** One life of a gateway: the real worker, sessions and streams over the simulation's store, loops and time. */
final class SimulatedGateway {
    private static final PersistenceSettings SETTINGS = new PersistenceSettings(
            40, 8_000, 2_000, 5, Duration.ofMillis(100), Duration.ZERO, Duration.ofMillis(100), Duration.ofSeconds(5));

    private final Simulation simulation;
    private final EventStore store;
    private final VirtualWorker worker;
    private final StoreReader reader;
    private final SimulatedLoop[] loops;
    private final SessionManager<SimulatedSession> sessions;
    private boolean dead;

    SimulatedGateway(Simulation simulation, int maxIdle) {
        this.simulation = simulation;
        VirtualTime time = simulation.time;
        this.store = new StallingStore(simulation.store);
        this.worker = new VirtualWorker(store, SETTINGS, time.nanoTime(), this::pause, time.random);
        this.reader = new StoreReader(task -> time.soon(3, () -> {
            if (!dead) {
                task.run();
            }
        }));
        this.loops = new SimulatedLoop[] {new SimulatedLoop(time), new SimulatedLoop(time)};
        SessionServices services = new SessionServices(
                store, worker.worker(), reader, clock(time), Observer.NONE, RetentionLimits.DEFAULTS);
        this.sessions = new SessionManager<>(
                services,
                (shared, loop, known, streams) -> new SimulatedSession(simulation, this, shared, loop, known, streams),
                id -> loops[(int) (id.low() & 1)],
                maxIdle);
        turnWorker();
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
                return super.append(batch);
            } finally {
                simulation.truth.stored(batch);
                stall();
            }
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
