package dev.shadowcat.gateway.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.MemoryStore;
import dev.shadowcat.store.Partition;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoreWrite.TouchSession;
import dev.shadowcat.store.StoredStream;
import dev.shadowcat.store.StreamRecord.Phase;
import dev.shadowcat.testkit.ForwardingStore;
import dev.shadowcat.testkit.ManualClock;
import dev.shadowcat.testkit.Writes;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A gateway that runs removes in the background what its settings keep no longer. */
@Timeout(30)
class RetentionTest {
    private static final SessionId ID = new SessionId(1, 2);
    private static final URI NOWHERE = URI.create("http://127.0.0.1:9/mcp");

    private final EventStore store = new MemoryStore(16 << 20);

    @Test
    void oldEventsAndStreamsGoWhileTheirSessionIsInUse() throws Exception {
        fill();
        try (GatewayFixture gateway = new GatewayFixture(store, NOWHERE, Map.of("--retention-events-for", "1h"))) {
            assertThat(gateway.gateway().degraded()).isEmpty();
            await().until(() -> store.stream(ID, 1).isEmpty());
            await().until(() -> store.read(ID, 0, 0, 10, 1 << 20).isEmpty());
            assertThat(store.session(ID)).isPresent();
        }
    }

    @Test
    void whatIsTooMuchForASessionGoes() throws Exception {
        fill();
        Map<String, String> flags = Map.of("--retention-events-for", "90000d", "--retention-bytes-per-session", "1KiB");
        try (GatewayFixture gateway = new GatewayFixture(store, NOWHERE, flags)) {
            assertThat(gateway.gateway().degraded()).isEmpty();
            await().until(() -> store.streams(ID).stream()
                            .mapToLong(StoredStream::trimmableBytes)
                            .sum()
                    <= 1024);
            assertThat(store.read(ID, 1, 0, 10, 1 << 20)).hasSize(1);
        }
    }

    @Test
    void asManyWritesAsOnePageNeedsWaitForAStoreThatTakesNone() throws Exception {
        List<SessionId> all =
                IntStream.rangeClosed(1, 250).mapToObj(n -> new SessionId(n, n)).toList();
        all.forEach(this::fillOneEvent);
        Set<SessionId> seen = ConcurrentHashMap.newKeySet();
        AtomicBoolean full = new AtomicBoolean(true);
        EventStore slow = new ForwardingStore(store) {
            @Override
            public AppendOutcome append(List<StoreWrite> batch) {
                return full.get() ? new AppendOutcome.Busy(Duration.ofMillis(20), "full") : super.append(batch);
            }

            @Override
            public List<StoredStream> streams(SessionId session) {
                seen.add(session);
                return super.streams(session);
            }
        };
        try (GatewayFixture gateway = new GatewayFixture(slow, NOWHERE, Map.of("--retention-events-for", "1h"))) {
            await().until(() -> !gateway.gateway().degraded().isEmpty());
            await().during(Duration.ofMillis(300)).until(() -> seen.size() == 100);
            full.set(false);
            await().until(() -> all.stream()
                    .allMatch(id -> store.read(id, 0, 0, 10, 1 << 20).isEmpty()));
        }
    }

    @Test
    void aSessionWhosePartOfTheStoreFailsHoldsUpNoOther() throws Exception {
        List<SessionId> all =
                IntStream.rangeClosed(1, 250).mapToObj(n -> new SessionId(n, n)).toList();
        all.forEach(this::fillOneEvent);
        SessionId failing = all.getFirst();
        EventStore partly = new ForwardingStore(store) {
            @Override
            public AppendOutcome append(List<StoreWrite> batch) {
                return batch.stream().anyMatch(write -> write.session().equals(failing))
                        ? new AppendOutcome.Busy(Duration.ofMillis(20), "locked", new Partition.OneSession(failing))
                        : super.append(batch);
            }
        };
        try (GatewayFixture gateway = new GatewayFixture(partly, NOWHERE, Map.of("--retention-events-for", "1h"))) {
            assertThat(gateway.gateway().degraded()).isEmpty();
            await().until(() -> all.stream()
                    .filter(id -> !id.equals(failing))
                    .allMatch(id -> store.read(id, 0, 0, 10, 1 << 20).isEmpty()));
            assertThat(store.read(failing, 0, 0, 10, 1 << 20)).hasSize(1);
        }
    }

    @Test
    void aPartOfTheStoreThatFailsForMoreSessionsThanAPageHasHoldsUpNoOther() throws Exception {
        List<SessionId> all =
                IntStream.rangeClosed(1, 450).mapToObj(n -> new SessionId(n, n)).toList();
        all.forEach(this::fillOneEvent);
        Predicate<SessionId> failing = id -> id.low() <= 230; // two pages and more, one behind the other
        EventStore partly = new ForwardingStore(store) {
            @Override
            public AppendOutcome append(List<StoreWrite> batch) {
                return batch.stream().anyMatch(write -> failing.test(write.session()))
                        ? new AppendOutcome.Busy(Duration.ofMillis(20), "down", new Partition.Shard("a", failing))
                        : super.append(batch);
            }
        };
        try (GatewayFixture gateway = new GatewayFixture(partly, NOWHERE, Map.of("--retention-events-for", "1h"))) {
            assertThat(gateway.gateway().degraded()).isEmpty();
            await().until(() -> all.stream()
                    .filter(failing.negate())
                    .allMatch(id -> store.read(id, 0, 0, 10, 1 << 20).isEmpty()));
            assertThat(store.read(all.getFirst(), 0, 0, 10, 1 << 20)).hasSize(1);
        }
    }

    @Test
    void aSessionWhoseStreamIsReadIsNotedAsUsedThoughItsClientSaysNothing() throws Exception {
        ManualClock clock = new ManualClock(Instant.ofEpochSecond(1_700_000_000));
        try (ScriptedServer server = new ScriptedServer().withStandaloneStream();
                GatewayFixture gateway = new GatewayFixture(
                        store, server.url(), Map.of(), new Clocks(clock.withZone(ZoneOffset.UTC), clock.nanoTime()));
                TestClient client = gateway.client().initialize()) {
            CompletableFuture<HttpResponse<InputStream>> opened = client.getLater();
            server.nextGet().sse();
            assertThat(opened.get().statusCode()).isEqualTo(200);
            clock.advance(Duration.ofHours(7));
            await().until(() -> store.sessions(null, 1).getFirst().activity().lastActiveMillis() == clock.millis());
        }
    }

    @Test
    void aSessionThatCannotBeReadHoldsUpNoOther() throws Exception {
        SessionId before = new SessionId(0, 1);
        fillOneEvent(before);
        fill();
        EventStore broken = new ForwardingStore(store) {
            @Override
            public List<StoredStream> streams(SessionId session) {
                if (session.equals(before)) {
                    throw new StoreException("cannot be read", null);
                }
                return super.streams(session);
            }
        };
        try (GatewayFixture gateway = new GatewayFixture(broken, NOWHERE, Map.of("--retention-events-for", "1h"))) {
            assertThat(gateway.gateway().degraded()).isEmpty();
            await().until(() -> store.read(ID, 0, 0, 10, 1 << 20).isEmpty());
            assertThat(store.read(before, 0, 0, 10, 1 << 20)).hasSize(1);
        }
    }

    private void fillOneEvent(SessionId id) {
        long now = System.currentTimeMillis();
        append(Writes.session(id), new TouchSession(id, new SessionActivity(now, 0)));
        append(Writes.stream(id, 0), Writes.event(id, 0, 1));
    }

    /** A session in use whose events are years old: twenty, and one answer. */
    private void fill() {
        long now = System.currentTimeMillis();
        append(Writes.session(ID), new TouchSession(ID, new SessionActivity(now, 0)));
        append(Writes.stream(ID, 0), Writes.stream(ID, 1), Writes.answer(ID, 1, 1));
        append(Writes.stream(ID, 1, Phase.FINISHED));
        for (int i = 1; i <= 20; i++) {
            append(Writes.event(ID, 0, i));
        }
    }

    private void append(StoreWrite... writes) {
        store.append(List.of(writes));
    }
}
