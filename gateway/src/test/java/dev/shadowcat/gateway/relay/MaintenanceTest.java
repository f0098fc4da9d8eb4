package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.gateway.config.Configuration;
import dev.shadowcat.gateway.telemetry.Operations;
import dev.shadowcat.observe.Observer;
import dev.shadowcat.persist.PersistenceSettings;
import dev.shadowcat.persist.PersistenceWorker;
import dev.shadowcat.session.RetentionLimits;
import dev.shadowcat.session.SessionLoop;
import dev.shadowcat.session.SessionManager;
import dev.shadowcat.session.SessionServices;
import dev.shadowcat.session.StoreReader;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.MemoryStore;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.StoreWrite.TouchSession;
import dev.shadowcat.testkit.ManualClock;
import dev.shadowcat.testkit.Writes;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The walk through the store by a clock that a test moves. */
class MaintenanceTest {
    private static final SessionId ID = new SessionId(1, 1);

    private final ManualClock clock = new ManualClock(Instant.ofEpochSecond(1_700_000_000));
    private final EventStore store = new MemoryStore(1 << 20);
    private final ArrayDeque<Runnable> timed = new ArrayDeque<>();

    private final SessionLoop loop = new SessionLoop() {
        @Override
        public boolean inLoop() {
            return true;
        }

        @Override
        public void execute(Runnable task) {
            task.run();
        }

        @Override
        public Timer after(long millis, Runnable task) {
            timed.add(task);
            return () -> timed.remove(task);
        }
    };

    private Maintenance maintenance() {
        Clock wall = clock.withZone(ZoneOffset.UTC);
        StoreReader reader = new StoreReader(Runnable::run);
        PersistenceWorker worker =
                new PersistenceWorker(store, PersistenceSettings.DEFAULTS, (write, reason) -> {}, Observer.NONE);
        Relay relay = new Relay(
                Configuration.read(Map.of("--upstream-url", "http://127.0.0.1:9/mcp"), Map.of())
                        .gateway(),
                Map.of(),
                store,
                reader,
                () -> false,
                Observer.NONE,
                Operations.NONE,
                new Clocks(wall, clock.nanoTime()));
        SessionServices services =
                new SessionServices(store, worker, reader, wall, Observer.NONE, RetentionLimits.DEFAULTS);
        relay.sessions(new SessionManager<>(
                services,
                (shared, own, known, streams) -> new RelaySession(relay, shared, own, known, streams),
                _ -> loop,
                10));
        return new Maintenance(
                relay,
                loop,
                RetentionLimits.DEFAULTS,
                listener -> worker.lane(loop, listener),
                _ -> false,
                clock.nanoTime());
    }

    private void timePasses(Duration time) {
        clock.advance(time);
        List<Runnable> due = List.copyOf(timed);
        timed.clear();
        due.forEach(Runnable::run);
    }

    @Test
    void nothingExpiresAfterAJumpOfTheWallClockUntilAnIdlePeriodHasReallyPassed() {
        store.append(List.of(Writes.session(ID), new TouchSession(ID, new SessionActivity(clock.millis(), 0))));
        maintenance().start();
        timePasses(Duration.ofMinutes(1));
        clock.jump(Duration.ofDays(3));
        timePasses(Duration.ofMinutes(1));
        assertThat(store.session(ID)).isPresent();
        timePasses(RetentionLimits.DEFAULTS.sessionIdle().minusMinutes(1));
        assertThat(store.session(ID)).isPresent();
        timePasses(Duration.ofMinutes(1));
        assertThat(store.session(ID)).isEmpty();
    }
}
