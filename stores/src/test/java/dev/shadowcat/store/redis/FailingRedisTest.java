package dev.shadowcat.store.redis;

import static dev.shadowcat.store.redis.RedisKeys.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.NodeIdentity;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.store.SharedStore.Claim;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import dev.shadowcat.store.StoreWrite.DeleteSession;
import dev.shadowcat.store.StoreWrite.PutSessionState;
import dev.shadowcat.testkit.RedisProcess;
import dev.shadowcat.testkit.Writes;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What a Redis that fails, or may fail later, means to its users. */
class FailingRedisTest {
    private static final SessionId ID = new SessionId(0x0123_4567_89AB_CDEFL, 1);
    private static final NodeIdentity NODE = new NodeIdentity("node-1", "10.0.0.1:8080");
    private static final RedisSettings SETTINGS = RedisSettings.DEFAULTS.withTimeout(Duration.ofMillis(500));

    @Test
    void aRedisThatMayEvictIsRefusedUnlessThatIsAllowed() throws Exception {
        try (RedisProcess server = RedisProcess.start("--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lru")) {
            assertThatThrownBy(() -> RedisStores.open(at(server), SETTINGS, NODE))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContainingAll(
                            "127.0.0.1:" + server.port(), "allkeys-lru", "noeviction", "redis.eviction")
                    .hasMessageNotContaining("\n");
            try (SharedStore store =
                    RedisStores.open(at(server), SETTINGS.withEviction(RedisSettings.Eviction.ALLOW), NODE)) {
                stored(store, Writes.session(ID));
            }
            server.command("CONFIG", "SET", "maxmemory", "0");
            RedisStores.open(at(server), SETTINGS, NODE).close();
        }
    }

    /** All leases have run out meanwhile, and who may renew first is chance. */
    @Test
    void whatIsAskedForWhileItStandsStillIsNotTakenAfterwards() throws Exception {
        Duration lease = Duration.ofSeconds(1);
        RedisSettings patient = RedisSettings.DEFAULTS.withTimeout(Duration.ofSeconds(30));
        try (RedisProcess server = RedisProcess.start();
                SharedStore store = RedisStores.open(at(server), patient.withLease(Duration.ofMillis(100)), NODE);
                SharedStore second = RedisStores.open(
                        at(server), patient.withLease(lease), new NodeIdentity("node-2", "10.0.0.2:8080"))) {
            store.renew();
            stored(store, Writes.session(ID));
            second.renew();
            long renewed = System.nanoTime();
            server.pause();
            CompletableFuture<Claim> claim =
                    CompletableFuture.supplyAsync(() -> second.claim(ID), Thread::startVirtualThread);
            CompletableFuture<Boolean> expired =
                    CompletableFuture.supplyAsync(() -> second.expire(ID, Long.MAX_VALUE), Thread::startVirtualThread);
            await().until(() -> System.nanoTime() - renewed > lease.toNanos());
            server.goOn();
            assertThatThrownBy(claim::join).hasMessageContaining("may have stood still");
            assertThatThrownBy(expired::join).hasMessageContaining("may have stood still");
            assertThat(store.lost(List.of(ID))).isEmpty();
            second.renew();
            assertThat(second.claim(ID)).isEqualTo(Claim.Held.TAKEN_OVER);
        }
    }

    @Test
    void aLookMakesNothingAndChangesNothing() throws Exception {
        try (RedisProcess server = RedisProcess.start()) {
            assertThat(RedisStores.exists(at(server), SETTINGS)).isFalse();
            assertThatThrownBy(() -> RedisStores.openReadOnly(at(server), SETTINGS))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("no store");
            assertThat(server.command("DBSIZE")).contains(":0");
            try (SharedStore store = RedisStores.open(at(server), SETTINGS, NODE);
                    EventStore look = RedisStores.openReadOnly(at(server), SETTINGS)) {
                assertThat(RedisStores.exists(at(server), SETTINGS)).isTrue();
                stored(store, Writes.session(ID), Writes.stream(ID, 0), Writes.event(ID, 0, 1));
                assertThat(sequences(look)).containsExactly(1L);
                assertThat(look.sessions(null, 10)).hasSize(1);
                assertThat(look.streams(ID)).hasSize(1);
                assertThat(look.credentialKey()).isEqualTo(store.credentialKey());
                assertThatThrownBy(() -> look.append(List.of(Writes.event(ID, 0, 2))))
                        .isInstanceOf(StoreException.class);
            }
        }
    }

    @Test
    void aRedisThatIsNotThereIsNamedWithoutItsPassword() throws Exception {
        int port;
        try (RedisProcess server = RedisProcess.start()) {
            port = server.port();
        }
        assertThatThrownBy(() -> RedisStores.open(RedisUrl.parse("redis://:secret@127.0.0.1:" + port), SETTINGS, NODE))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("127.0.0.1:" + port)
                .hasMessageNotContaining("secret")
                .hasMessageNotContaining("\n");
    }

    /** The machine may start much at once; what is refused is refused at once all the same. */
    @Test
    void aStartWaitsLongerForAnAnswerThanWhatComesAfterIt() throws Exception {
        RedisSettings brief = SETTINGS.withTimeout(Duration.ofMillis(100));
        try (RedisProcess server = RedisProcess.start()) {
            server.pause();
            long began = System.nanoTime();
            CompletableFuture<SharedStore> opened = CompletableFuture.supplyAsync(
                    () -> RedisStores.open(at(server), brief, NODE), Thread::startVirtualThread);
            await().until(() -> System.nanoTime() - began > 5 * brief.timeout().toNanos());
            server.goOn();
            try (SharedStore store = opened.join()) {
                server.pause();
                assertThatThrownBy(() -> store.session(ID)).hasMessageContaining("no answer within 100 ms");
                CompletableFuture<Boolean> renewed =
                        CompletableFuture.supplyAsync(store::renew, Thread::startVirtualThread);
                long asked = System.nanoTime();
                await().until(() ->
                        System.nanoTime() - asked > 5 * brief.timeout().toNanos());
                server.goOn();
                renewed.join();
                server.pause();
                assertThatThrownBy(store::renew).isInstanceOf(StoreException.class);
            }
        }
    }

    @Test
    void aRedisThatNeverAnswersAStartIsNamedWithWhatToDo() throws Exception {
        try (RedisProcess server = RedisProcess.start()) {
            server.pause();
            RedisSettings bounded = SETTINGS.withStartTimeout(Duration.ofMillis(200));
            assertThatThrownBy(() -> RedisStores.open(at(server), bounded, NODE))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContainingAll("127.0.0.1:" + server.port(), "SLOWLOG", "start again")
                    .hasMessageNotContaining("\n");
        }
    }

    @Test
    void thePasswordComesFromTheUrlOrFromTheEnvironment() throws Exception {
        try (RedisProcess server = RedisProcess.start()) {
            server.command("CONFIG", "SET", "requirepass", "secret");
            assertThatThrownBy(() -> RedisStores.open(at(server), SETTINGS, NODE))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("NOAUTH");
            RedisStores.open(at(server).withPasswordOf(Map.of("REDISCLI_AUTH", "secret")), SETTINGS, NODE)
                    .close();
            RedisStores.open(RedisUrl.parse("redis://:secret@127.0.0.1:" + server.port()), SETTINGS, NODE)
                    .close();
        }
    }

    @Test
    void whileItsMemoryIsFullNothingIsTakenAndAllThatWasIsThere() throws Exception {
        try (RedisProcess server = RedisProcess.start("--maxmemory", "8mb");
                SharedStore store = RedisStores.open(at(server), SETTINGS, NODE)) {
            stored(store, Writes.session(ID), Writes.stream(ID, 0));
            long sequence = 0;
            AppendOutcome outcome = AppendOutcome.Stored.ALL;
            while (outcome instanceof AppendOutcome.Stored) {
                outcome = store.append(List.of(large(++sequence)));
            }
            assertThat(outcome)
                    .isInstanceOf(AppendOutcome.Busy.class)
                    .asString()
                    .contains("OOM");
            assertThat(store.stream(ID, 0).orElseThrow().lastSequence()).isEqualTo(sequence - 1);
            assertThat(sequences(store)).hasSize((int) sequence - 1);
            server.command("CONFIG", "SET", "maxmemory", "0");
            stored(store, large(sequence));
            assertThat(sequences(store)).hasSize((int) sequence);
        }
    }

    @Test
    void aServerThatHangsIsBusyAndTheBatchIsStoredOnceItGoesOn() throws Exception {
        try (RedisProcess server = RedisProcess.start();
                SharedStore store = RedisStores.open(at(server), SETTINGS, NODE)) {
            stored(store, Writes.session(ID), Writes.stream(ID, 0));
            server.pause();
            assertThat(store.append(List.of(Writes.event(ID, 0, 1)))).isInstanceOf(AppendOutcome.Busy.class);
            assertThatThrownBy(() -> store.session(ID)).isInstanceOf(StoreException.class);
            assertThat(store.append(List.of(Writes.event(ID, 0, 1)))).isInstanceOf(AppendOutcome.Busy.class);
            server.goOn();
            await().until(() -> store.append(List.of(Writes.event(ID, 0, 1), Writes.event(ID, 0, 2)))
                    instanceof AppendOutcome.Stored);
            assertThat(sequences(store)).containsExactly(1L, 2L);
            assertThat(store.bootEpoch()).isZero();
        }
    }

    /** It was on its way on a connection that was given up, while what came after it went by another one. */
    @Test
    void whatComesLateChangesNothing() throws Exception {
        try (RedisProcess server = RedisProcess.start();
                SharedStore store = RedisStores.open(at(server), SETTINGS, NODE);
                SharedStore late = RedisStores.open(at(server), SETTINGS, NODE, () -> Instant.EPOCH)) {
            stored(store, Writes.session(ID), Writes.stream(ID, 0), Writes.event(ID, 0, 1));
            stored(store, new PutSessionState(ID, Writes.state(2)));
            assertThat(late.append(List.of(new PutSessionState(ID, Writes.state(1)))))
                    .isInstanceOf(AppendOutcome.Busy.class);
            assertThat(store.session(ID).orElseThrow().state()).isEqualTo(Writes.state(2));
            stored(store, new DeleteSession(ID));
            assertThat(late.append(List.of(Writes.session(ID)))).isInstanceOf(AppendOutcome.Busy.class);
            assertThat(store.session(ID)).isEmpty();
            assertThat(store.sessions(null, 10)).isEmpty();
            stored(store, Writes.session(ID));
            assertThat(store.sessions(null, 10)).hasSize(1);
        }
    }

    /** The same of commands that were made from what the node knew then: nothing of their sessions is looked at before. */
    @Test
    void whatComesLateOfWhatWasKnownChangesNothing() throws Exception {
        try (RedisProcess server = RedisProcess.start();
                SharedStore store = RedisStores.open(at(server), SETTINGS, NODE);
                RedisConnections connections = RedisConnections.open(at(server), SETTINGS.timeout())) {
            stored(store, Writes.session(ID), Writes.stream(ID, 0), Writes.event(ID, 0, 1));
            RedisKeys keys = new RedisKeys(SETTINGS.prefix());
            RedisLink link = connections.others();
            Servers.View view = new Servers(keys, new SecureRandom()).refresh(link);
            byte[] fence = keys.fence(NODE.incarnation());
            List<byte[]> late = new ArrayList<>(List.of(
                    bytes(NODE.incarnation()),
                    view.epochText(),
                    bytes(1),
                    view.servers(),
                    fence,
                    link.ask(commands -> commands.get(fence)),
                    bytes(4),
                    bytes("HSET"),
                    keys.session(ID),
                    bytes("s"),
                    bytes("an old state")));
            assertThat(said(Script.APPEND.call(link, List.of(), late)))
                    .as("in time")
                    .isEqualTo("stored");

            server.pause();
            List<StoreWrite> batch = List.of(new PutSessionState(ID, Writes.state(1)));
            assertThat(store.append(batch)).isInstanceOf(AppendOutcome.Busy.class);
            server.goOn();
            await().until(() -> store.append(batch) instanceof AppendOutcome.Stored);
            assertThat(said(Script.APPEND.call(link, List.of(), late))).isEqualTo("unknown");
            assertThat(store.session(ID).orElseThrow().state()).isEqualTo(Writes.state(1));
            stored(store, Writes.event(ID, 0, 2));
        }
    }

    private static String said(List<Object> answer) {
        return RedisKeys.text((byte[]) answer.getFirst());
    }

    @Test
    void aKeyThatIsSomebodyElsesRefusesTheWritesToIt() throws Exception {
        try (RedisProcess server = RedisProcess.start();
                SharedStore store = RedisStores.open(at(server), SETTINGS, NODE)) {
            server.command("SET", "shadowcat:{" + ID + "}:session", "mine");
            assertThat(store.append(List.of(Writes.session(ID)))).isInstanceOf(AppendOutcome.Refused.class);
        }
    }

    /** With each append on the disk before it is answered. */
    @Test
    void nothingThatWasAcknowledgedIsLostByAKill() throws Exception {
        Random random = new Random(42);
        try (RedisProcess server = RedisProcess.start("--appendonly", "yes", "--appendfsync", "always");
                SharedStore store = RedisStores.open(at(server), SETTINGS, NODE);
                ExecutorService appending = Executors.newSingleThreadExecutor()) {
            stored(store, Writes.session(ID), Writes.stream(ID, 0));
            long last = 0;
            for (int round = 1; round <= 5; round++) {
                AtomicLong acknowledged = new AtomicLong(last);
                long first = last;
                Future<?> appended = appending.submit(() -> {
                    long sequence = first;
                    AppendOutcome outcome = AppendOutcome.Stored.ALL;
                    while (outcome instanceof AppendOutcome.Stored) {
                        acknowledged.set(sequence);
                        List<StoreWrite> batch = new ArrayList<>();
                        for (int i = 0; i < 20; i++) {
                            batch.add(Writes.event(ID, 0, ++sequence));
                        }
                        outcome = store.append(batch);
                    }
                });
                long enough = first + random.nextInt(500);
                await().until(() -> acknowledged.get() >= enough);
                server.kill();
                appended.get();
                server.startAgain();
                await().ignoreExceptionsInstanceOf(StoreException.class)
                        .until(() -> store.claim(ID) instanceof Claim.Held);
                List<Long> found = sequences(store);
                last = found.size();
                assertThat(found.getLast()).isEqualTo(last).isGreaterThanOrEqualTo(acknowledged.get());
                assertThat(store.bootEpoch()).isEqualTo(round);
            }
        }
    }

    private static RedisUrl at(RedisProcess server) {
        return RedisUrl.parse(server.url());
    }

    private static AppendEvent large(long sequence) {
        return new AppendEvent(ID, 0, new Event(sequence, 1, 1, false, null, new byte[200_000]));
    }

    private static void stored(EventStore store, StoreWrite... batch) {
        assertThat(store.append(List.of(batch))).isEqualTo(AppendOutcome.Stored.ALL);
    }

    private static List<Long> sequences(EventStore store) {
        return store.read(ID, 0, 0, Integer.MAX_VALUE, Long.MAX_VALUE).stream()
                .map(Event::sequence)
                .toList();
    }
}
