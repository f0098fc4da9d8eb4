package dev.shadowcat.store.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.NodeIdentity;
import dev.shadowcat.store.SharedStore;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.format.RecordWriter;
import dev.shadowcat.testkit.PostgresServer;
import dev.shadowcat.testkit.Writes;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a store says and does while its database fails. */
class OutageTest {
    private static final SessionId ID = new SessionId(1, 1);
    private static final NodeIdentity NODE = new NodeIdentity("the node", "10.0.0.1:8080");
    private static final PostgresSettings SETTINGS =
            new PostgresSettings(Duration.ofMinutes(5), 3, Duration.ofSeconds(1), Duration.ofSeconds(2));

    private static final String END_CONNECTIONS =
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'shadowcat%'";

    @Test
    void aServerThatWasRestartedIsUsedAgain() {
        try (PostgresServer server = PostgresServer.another();
                SharedStore store = open(server.newUrl())) {
            store.renew();
            stored(store, Writes.session(ID), Writes.stream(ID, 0), Writes.event(ID, 0, 1));
            server.stop();
            assertThat(store.append(List.of(Writes.event(ID, 0, 2)))).isInstanceOf(AppendOutcome.Busy.class);
            assertThatExceptionOfType(StoreException.class).isThrownBy(() -> store.session(ID));
            assertThatExceptionOfType(StoreException.class).isThrownBy(store::renew);
            server.start();
            await().until(() -> store.append(List.of(Writes.event(ID, 0, 2))).equals(AppendOutcome.Stored.ALL));
            assertThat(store.read(ID, 0, 0, 10, Long.MAX_VALUE))
                    .extracting(Event::sequence)
                    .containsExactly(1L, 2L);
            assertThat(store.renew()).isTrue();
        }
    }

    @Test
    void aServerThatEndsAllConnectionsIsUsedAgainAtTheNextTry() {
        try (PostgresHome home = new PostgresHome();
                SharedStore store = open(home)) {
            stored(store, Writes.session(ID));
            PostgresHome.execute(home.url(), END_CONNECTIONS);
            await().until(() -> store.append(List.of(Writes.stream(ID, 0))).equals(AppendOutcome.Stored.ALL));
            assertThat(store.streams(ID)).hasSize(1);
        }
    }

    @Test
    void whileTheDatabaseIsReadOnlyWritesWait() {
        try (PostgresServer server = PostgresServer.another();
                SharedStore store = open(server.newUrl())) {
            stored(store, Writes.session(ID), Writes.stream(ID, 0));
            PostgresUrl admin = PostgresUrl.parse(server.newUrl());
            PostgresHome.execute(admin, "ALTER DATABASE postgres SET default_transaction_read_only = on");
            PostgresHome.execute(admin, END_CONNECTIONS);
            await().until(() -> store.append(List.of(Writes.event(ID, 0, 1))) instanceof AppendOutcome.Busy busy
                    && busy.reason().endsWith("is read-only (a replica?)"));
            assertThat(store.session(ID)).isPresent();
            PostgresHome.execute(
                    admin,
                    "SET transaction_read_only = off; ALTER DATABASE postgres RESET default_transaction_read_only");
            PostgresHome.execute(admin, END_CONNECTIONS);
            await().until(() -> store.append(List.of(Writes.event(ID, 0, 1))).equals(AppendOutcome.Stored.ALL));
        }
    }

    @Test
    void whoHoldsARowOnlyMakesTheBatchWait() throws Exception {
        try (PostgresHome home = new PostgresHome();
                SharedStore store = open(home)) {
            stored(store, Writes.session(ID), Writes.stream(ID, 0));
            try (Connection other = PostgresHome.connect(home.url());
                    Statement lock = other.createStatement()) {
                other.setAutoCommit(false);
                lock.execute("SELECT * FROM sessions FOR UPDATE");
                assertThat(store.append(List.of(Writes.event(ID, 0, 1))))
                        .isInstanceOfSatisfying(
                                AppendOutcome.Busy.class,
                                busy -> assertThat(busy.reason()).contains("statement timeout"));
                other.rollback();
            }
            stored(store, Writes.event(ID, 0, 1));
        }
    }

    /** As one that is stopped between two statements. */
    @Test
    void aNodeThatStopsInATransactionLeavesItsLocksBehindNoLongerThanItsLease() throws Exception {
        try (PostgresHome home = new PostgresHome();
                SharedStore store = open(home)) {
            stored(store, Writes.session(ID), Writes.stream(ID, 0));
            try (Connections stopped = connections(home);
                    SharedStore second = PostgresStores.open(
                            home.url(), PostgresHome.SETTINGS, new NodeIdentity("another", "10.0.0.2:8080"))) {
                second.renew();
                store.leave();
                assertThatExceptionOfType(SQLException.class)
                        .isThrownBy(() -> stopped.reserved(connection -> {
                            connection.setAutoCommit(false);
                            BatchReader.lock(connection, NODE.incarnation(), List.of(Writes.event(ID, 0, 1)));
                            assertThat(second.claim(ID)).isInstanceOf(SharedStore.Claim.Held.class);
                            connection.commit();
                            return true;
                        }))
                        .withMessageContaining("idle-in-transaction timeout");
            }
        }
    }

    /** It was on its way on a connection that was given up, while what came after it went by another one. */
    @Test
    void whatComesLateChangesNothing() throws Exception {
        try (PostgresHome home = new PostgresHome();
                SharedStore store = open(home);
                Connections others = connections(home);
                Connection other = PostgresHome.connect(home.url());
                Statement lock = other.createStatement()) {
            store.renew();
            stored(store, Writes.session(ID), Writes.stream(ID, 0));
            List<StoreWrite> before = List.of(new StoreWrite.MoveUpstreamCursor(ID, 0, 0, "before"));
            Script late = others.reserved(connection -> Connections.transaction(connection, transaction -> {
                BatchReader read = BatchReader.lock(transaction, NODE.incarnation(), before);
                return new BatchScript(new RecordWriter(), NODE.incarnation(), read.changes(before))
                        .buildUnder(Objects.requireNonNull(read.fence()));
            }));

            other.setAutoCommit(false);
            lock.execute("SELECT * FROM nodes FOR UPDATE");
            assertThat(store.append(before)).isInstanceOf(AppendOutcome.Busy.class);
            other.rollback();
            stored(store, new StoreWrite.MoveUpstreamCursor(ID, 0, 0, "after"));
            assertThatExceptionOfType(SQLException.class)
                    .isThrownBy(() -> others.reserved(connection -> {
                        late.run(connection).close();
                        return true;
                    }))
                    .matches(BatchScript::isRefuted);
            assertThat(store.stream(ID, 0).orElseThrow().upstreamCursor()).isEqualTo("after");
        }
    }

    /** What was acknowledged by the server before may be missing in the one that answers now. */
    @Test
    void whatIsKnownOfOneServerIsNotReliedOnWhereAnotherOneAnswers() throws Exception {
        PostgresServer server = PostgresServer.another();
        PostgresUrl url = PostgresUrl.parse(server.newUrl());
        try (server;
                SharedStore store = open(url)) {
            store.renew();
            stored(store, Writes.session(ID), Writes.stream(ID, 0));
            stored(store, Writes.event(ID, 0, 1), Writes.event(ID, 0, 2));
            server.stop();
            server.start();
            PostgresHome.execute(url, "DELETE FROM events WHERE sequence = 2"); // as one that never had it
            await().until(() -> store.append(List.of(Writes.event(ID, 0, 2), Writes.event(ID, 0, 3)))
                    .equals(AppendOutcome.Stored.ALL));
            assertThat(store.read(ID, 0, 0, 10, Long.MAX_VALUE))
                    .extracting(Event::sequence)
                    .containsExactly(1L, 2L, 3L);
        }
    }

    /** As one whose process, machine or network stops while it writes to the socket. */
    @Test
    @Timeout(60)
    void aBatchThatStopsHalfwayKeepsNoSessionFromThoseWhoTakeOver() throws Exception {
        PostgresSettings brief = SETTINGS.withLease(Duration.ofSeconds(1));
        try (PostgresHome home = new PostgresHome();
                HalfwayProxy proxy =
                        new HalfwayProxy(home.url().hosts().getFirst().port());
                SharedStore store = PostgresStores.open(proxy.url(home.url()), brief, NODE);
                SharedStore second =
                        PostgresStores.open(home.url(), brief, new NodeIdentity("another", "10.0.0.2:8080"))) {
            store.renew();
            stored(store, Writes.session(ID), Writes.stream(ID, 0), Writes.event(ID, 0, 1));
            proxy.stopAfter(20_000);
            List<StoreWrite> batch = LongStream.rangeClosed(2, 2_000)
                    .<StoreWrite>mapToObj(sequence -> Writes.event(ID, 0, sequence))
                    .toList();
            assertThat(store.append(batch)).isInstanceOf(AppendOutcome.Busy.class);
            await().until(() -> store.append(List.of(Writes.event(ID, 0, 2))).equals(AppendOutcome.Stored.ALL));
            proxy.stopAfter(20_000);
            assertThat(store.append(batch)).isInstanceOf(AppendOutcome.Busy.class);
            store.leave();
            await().ignoreExceptions().until(() -> {
                second.renew();
                return second.claim(ID) instanceof SharedStore.Claim.Held;
            });
        }
    }

    private static Connections connections(PostgresHome home) {
        return Connections.to(
                PostgresStores.database(home.url(), SETTINGS), SETTINGS.withLease(Duration.ofMillis(1)), false);
    }

    @Test
    void anEventThatNoRowHoldsIsRefused() {
        try (PostgresHome home = new PostgresHome();
                SharedStore store = open(home)) {
            stored(store, Writes.session(ID), Writes.stream(ID, 0));
            PostgresHome.execute(
                    home.url(), "ALTER TABLE events ADD CONSTRAINT odd CHECK (1 / (sequence - 7) IS NOT NULL)");
            assertThat(store.append(List.of(Writes.event(ID, 0, 7))))
                    .isEqualTo(new AppendOutcome.Refused("ERROR: division by zero"));
            stored(store, Writes.event(ID, 0, 8));
            PostgresHome.execute(home.url(), "ALTER TABLE events DROP CONSTRAINT odd");
        }
    }

    @Test
    void anEventThatNoTableTakesIsRefusedWhenItIsSentAgain() {
        try (PostgresHome home = new PostgresHome();
                SharedStore store = open(home)) {
            stored(store, Writes.session(ID), Writes.stream(ID, 0));
            PostgresHome.execute(home.url(), "ALTER TABLE events ADD CONSTRAINT odd CHECK (sequence <> 7)");
            List<StoreWrite> odd = List.of(Writes.event(ID, 0, 7));
            assertThat(store.append(odd)).isInstanceOf(AppendOutcome.Busy.class);
            assertThat(store.append(odd))
                    .isInstanceOfSatisfying(
                            AppendOutcome.Refused.class,
                            refused -> assertThat(refused.reason()).contains("odd"));
            stored(store, Writes.event(ID, 0, 8));
            assertThat(store.append(List.of(Writes.session(new SessionId(2, 2)), Writes.event(ID, 0, 9))))
                    .isEqualTo(AppendOutcome.Stored.ALL);
            PostgresHome.execute(home.url(), "ALTER TABLE events DROP CONSTRAINT odd");
        }
    }

    /** A crash takes back what a sequence gave to a transaction that failed. */
    @Test
    void noStreamIsGivenTheKeyOfAnotherAfterACrash() {
        try (PostgresHome home = new PostgresHome();
                SharedStore first = open(home);
                SharedStore second = PostgresStores.open(
                        home.url(), PostgresHome.SETTINGS, new NodeIdentity("another", "10.0.0.2:8080"))) {
            SessionId other = new SessionId(2, 2);
            stored(first, Writes.session(ID));
            stored(second, Writes.session(other));
            PostgresHome.execute(
                    home.url(), "ALTER TABLE events ADD CONSTRAINT odd CHECK (1 / (sequence - 7) IS NOT NULL)");
            long before = keys(home);
            assertThat(first.append(List.of(Writes.stream(ID, 0), Writes.event(ID, 0, 7))))
                    .isInstanceOf(AppendOutcome.Refused.class);
            PostgresHome.execute(home.url(), "ALTER TABLE events DROP CONSTRAINT odd");
            resetKeys(home, before);
            stored(second, Writes.stream(other, 0), Writes.event(other, 0, 1));
            stored(second, Writes.stream(other, 1), Writes.event(other, 1, 1));
            stored(first, Writes.stream(ID, 0));
            assertThat(first.read(ID, 0, 0, 10, Long.MAX_VALUE)).isEmpty();
            stored(first, Writes.event(ID, 0, 1));
        }
    }

    @Test
    void twoStreamsNeverHaveOneKeyWhateverTheSequenceGives() {
        try (PostgresHome home = new PostgresHome();
                SharedStore first = open(home);
                SharedStore second = PostgresStores.open(
                        home.url(), PostgresHome.SETTINGS, new NodeIdentity("another", "10.0.0.2:8080"))) {
            SessionId other = new SessionId(2, 2);
            long before = keys(home);
            stored(first, Writes.session(ID), Writes.stream(ID, 0), Writes.event(ID, 0, 1));
            resetKeys(home, before);
            List<StoreWrite> batch = List.of(Writes.session(other), Writes.stream(other, 0));
            assertThat(second.append(batch)).isInstanceOf(AppendOutcome.Busy.class);
            assertThat(second.append(batch)).isEqualTo(AppendOutcome.Stored.ALL);
            assertThat(second.read(other, 0, 0, 10, Long.MAX_VALUE)).isEmpty();
        }
    }

    private static long keys(PostgresHome home) {
        try (Connection connection = PostgresHome.connect(home.url());
                Statement query = connection.createStatement();
                ResultSet row = query.executeQuery("SELECT nextval('stream_keys')")) {
            row.next();
            return row.getLong(1);
        } catch (SQLException failed) {
            throw new AssertionError(failed);
        }
    }

    private static void resetKeys(PostgresHome home, long to) {
        PostgresHome.execute(home.url(), "SELECT setval('stream_keys', " + to + ")");
    }

    /** As behind a socket that is dead. */
    @Test
    @Timeout(60)
    void aRenewalThatIsNotAnsweredIsGivenUpLongBeforeOtherStatements() throws Exception {
        try (PostgresHome home = new PostgresHome();
                SharedStore store = PostgresStores.open(
                        home.url(),
                        new PostgresSettings(Duration.ofMillis(100), 3, Duration.ofSeconds(10), Duration.ofMinutes(10)),
                        NODE)) {
            store.renew();
            try (Connection other = PostgresHome.connect(home.url());
                    Statement lock = other.createStatement()) {
                other.setAutoCommit(false);
                lock.execute("SELECT * FROM nodes FOR UPDATE");
                assertThatExceptionOfType(StoreException.class).isThrownBy(store::renew);
                assertThatExceptionOfType(StoreException.class).isThrownBy(store::leave);
                other.rollback();
            }
            store.renew();
        }
    }

    /** All leases have run out meanwhile, and who may renew first is chance. */
    @Test
    @Timeout(60)
    void whatIsAskedForWhileTheDatabaseStandsStillIsNotTakenAfterwards() throws Exception {
        Duration lease = Duration.ofSeconds(1);
        try (PostgresHome home = new PostgresHome();
                SharedStore store =
                        PostgresStores.open(home.url(), PostgresHome.SETTINGS.withLease(Duration.ofMillis(1)), NODE);
                SharedStore second = PostgresStores.open(
                        home.url(),
                        PostgresHome.SETTINGS.withLease(lease),
                        new NodeIdentity("another", "10.0.0.2:8080"))) {
            store.renew();
            stored(store, Writes.session(ID));
            second.renew();
            long renewed = System.nanoTime();
            CompletableFuture<SharedStore.Claim> claim;
            CompletableFuture<Boolean> expired;
            try (Connection other = PostgresHome.connect(home.url());
                    Statement still = other.createStatement()) {
                other.setAutoCommit(false);
                still.execute("SELECT * FROM nodes WHERE incarnation = '" + NODE.incarnation() + "' FOR UPDATE");
                claim = CompletableFuture.supplyAsync(() -> second.claim(ID), Thread::startVirtualThread);
                expired = CompletableFuture.supplyAsync(
                        () -> second.expire(ID, Long.MAX_VALUE), Thread::startVirtualThread);
                await().until(() -> waiting(still) == 2);
                await().until(() -> System.nanoTime() - renewed > lease.toNanos());
                second.renew(); // before the holder
                other.rollback();
            }
            assertThatExceptionOfType(CompletionException.class)
                    .isThrownBy(claim::join)
                    .withMessageContaining("may have stood still");
            assertThatExceptionOfType(CompletionException.class)
                    .isThrownBy(expired::join)
                    .withMessageContaining("may have stood still");
            assertThat(store.lost(List.of(ID))).isEmpty();
            assertThat(second.claim(ID)).isEqualTo(SharedStore.Claim.Held.TAKEN_OVER);
        }
    }

    private static int waiting(Statement query) throws SQLException {
        query.execute("SELECT pg_stat_clear_snapshot()");
        try (ResultSet row = query.executeQuery(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '% another' AND wait_event_type = 'Lock'")) {
            row.next();
            return row.getInt(1);
        }
    }

    /** Two thirds of all requests of a cluster ask just that. */
    @Test
    void whoHoldsASessionIsToldWithoutWaitingForItsLock() throws Exception {
        try (PostgresHome home = new PostgresHome();
                SharedStore store = open(home);
                SharedStore second =
                        PostgresStores.open(home.url(), SETTINGS, new NodeIdentity("another", "10.0.0.2:8080"))) {
            store.renew();
            stored(store, Writes.session(ID));
            try (Connection other = PostgresHome.connect(home.url());
                    Statement lock = other.createStatement()) {
                other.setAutoCommit(false);
                lock.execute("SELECT * FROM sessions FOR UPDATE");
                lock.execute("SELECT * FROM nodes FOR UPDATE");
                assertThat(second.claim(ID)).isEqualTo(new SharedStore.Claim.Elsewhere(NODE.address()));
                assertThat(store.claim(ID)).isInstanceOf(SharedStore.Claim.Held.class);
                assertThat(second.claim(new SessionId(7, 7))).isEqualTo(new SharedStore.Claim.Absent());
                other.rollback();
            }
        }
    }

    @Test
    void aWrongPasswordIsToldInOneLine() {
        PostgresUrl right = PostgresUrl.parse(PostgresServer.shared().newUrl());
        PostgresUrl wrong =
                new PostgresUrl(right.user(), "guessed", right.hosts(), right.database(), right.parameters());
        assertThatExceptionOfType(StoreException.class)
                .isThrownBy(() -> PostgresStores.open(wrong, SETTINGS, NODE))
                .withMessage(
                        "the database " + right + " refuses the login: FATAL: password authentication failed for user"
                                + " \"postgres\"; the password is taken from the URL or PGPASSWORD");
        PostgresUrl none = new PostgresUrl(right.user(), null, right.hosts(), right.database(), right.parameters());
        assertThatExceptionOfType(StoreException.class)
                .isThrownBy(() -> PostgresStores.open(none.withPasswordOf(Map.of()), SETTINGS, NODE))
                .withMessageContaining("refuses the login")
                .withMessageContaining("PGPASSWORD");
    }

    @Test
    void aDatabaseThatIsNotThereIsToldInOneLine() {
        PostgresUrl right = PostgresUrl.parse(PostgresServer.shared().newUrl());
        PostgresUrl wrong = new PostgresUrl(right.user(), right.password(), right.hosts(), "none", Map.of());
        assertThatExceptionOfType(StoreException.class)
                .isThrownBy(() -> PostgresStores.open(wrong, SETTINGS, NODE))
                .withMessage("the database " + wrong + " is not there: FATAL: database \"none\" does not exist");
    }

    @Test
    void aServerThatIsNotThereIsToldInOneLine() {
        PostgresUrl nobody = PostgresUrl.parse("postgresql://ann:secret@127.0.0.1:1/x");
        assertThatExceptionOfType(StoreException.class)
                .isThrownBy(() -> PostgresStores.open(nobody, SETTINGS, NODE))
                .withMessageMatching(
                        "the database postgresql://ann@127.0.0.1:1/x cannot be reached: [^\n]*refused[^\n]*");
    }

    @Test
    void aStoreOfANewerVersionIsRefusedAndLeftAsItIs() {
        PostgresUrl url = PostgresUrl.parse(PostgresServer.shared().newUrl());
        open(url).close();
        newest(url, "1.7");
        open(url).close();
        newest(url, "2");
        for (Runnable opening : List.<Runnable>of(
                () -> open(url).close(),
                () -> PostgresStores.openReadOnly(url, SETTINGS).close())) {
            assertThatExceptionOfType(StoreException.class)
                    .isThrownBy(opening::run)
                    .withMessage("the store has format 2, but this version of Shadowcat reads up to 1:"
                            + " use the version that wrote it, or a newer one");
        }
    }

    private static void newest(PostgresUrl url, String version) {
        PostgresHome.execute(
                url,
                "INSERT INTO shadowcat_schema SELECT installed_rank + 1, '" + version
                        + "', description, type, script, checksum, installed_by, installed_on, execution_time, success"
                        + " FROM shadowcat_schema ORDER BY installed_rank DESC LIMIT 1");
    }

    private static SharedStore open(String url) {
        return open(PostgresUrl.parse(url));
    }

    private static SharedStore open(PostgresHome home) {
        return open(home.url());
    }

    private static SharedStore open(PostgresUrl url) {
        return PostgresStores.open(url, SETTINGS, NODE);
    }

    private static void stored(SharedStore store, StoreWrite... batch) {
        assertThat(store.append(List.of(batch))).isEqualTo(AppendOutcome.Stored.ALL);
    }
}
