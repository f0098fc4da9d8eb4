package dev.shadowcat.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.persist.Completion;
import dev.shadowcat.persist.PersistenceSettings;
import dev.shadowcat.session.SessionHarness.Plain;
import dev.shadowcat.store.SessionActivity;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A session is in memory while it is used, comes back from the store afterwards, and ends once. */
class SessionManagerTest {
    private static final SessionId ID = SessionHarness.ID;

    private final SessionHarness harness = new SessionHarness(0);

    @Test
    void anIdleSessionLeavesMemoryAndComesBackAsItWas() throws InterruptedException {
        Plain session = harness.create(ID);
        session.change(now -> now.withLogLevel("debug"), Completion.NOBODY);
        harness.turn();
        harness.sessions.release(session);
        assertThat(harness.sessions.inMemory()).isZero();
        assertThat(harness.evicted).isOne();
        Plain returned = harness.find(ID).orElseThrow();
        assertThat(returned).isNotSameAs(session);
        assertThat(returned.state().logLevel()).isEqualTo("debug");
    }

    @Test
    void aSessionThatLivedByItsStreamAloneWasInUseUntilItsClientLeft() throws InterruptedException {
        Plain session = harness.create(ID);
        ClientStream client = new ClientStream(session.standalone(), new SessionHarness.Sink(), 0);
        session.standalone().attach(client);
        harness.turn();
        long idle = RetentionLimits.DEFAULTS.sessionIdle().toMillis();
        harness.nowMillis = 2 * idle;
        session.standalone().detach(client);
        harness.sessions.release(session);
        flush();
        harness.nowMillis += idle - 1;
        assertThat(harness.sessions.expire(ID, harness.nowMillis - idle)).isFalse();
        harness.nowMillis++;
        assertThat(harness.sessions.expire(ID, harness.nowMillis - idle)).isTrue();
    }

    @Test
    void aSessionThatIsAttendedIsNotedNowAndThenInCaseOfAKill() throws InterruptedException {
        Plain session = harness.create(ID);
        long quarter = RetentionLimits.DEFAULTS.sessionIdle().toMillis() / 4;
        harness.nowMillis = quarter - 1;
        session.attended();
        assertThat(harness.worker.worker().pendingActivity(ID)).isNull();
        harness.nowMillis = quarter;
        session.attended();
        assertThat(harness.worker.worker().pendingActivity(ID)).isEqualTo(new SessionActivity(quarter, 0));
    }

    @Test
    void aSessionThatAnotherNodeTakesWhileItIsReadIsNotServedFromWhatWasRead() throws InterruptedException {
        harness.sessions.release(harness.create(ID));
        List<String> refused = new ArrayList<>();
        harness.sessions.find(
                ID,
                harness.loop,
                _ -> {
                    throw new AssertionError("served what is another node's");
                },
                refused::add);
        assertThat(harness.sessions.claimed()).containsExactly(ID);
        harness.reads.remove().run();
        harness.sessions.lost(ID);
        harness.settle();
        assertThat(refused).containsExactly("another node took the session while it was read");
        assertThat(harness.sessions.inMemory()).isZero();
        assertThat(harness.sessions.claimed()).isEmpty();
        assertThat(harness.find(ID)).as("the store has it").isPresent();
    }

    /** Enough sessions use the gateway for what is deferred to be written. */
    private void flush() throws InterruptedException {
        for (int i = 0; i < PersistenceSettings.DEFAULTS.deferredEntries(); i++) {
            harness.worker.worker().touch(new SessionId(9, i), new SessionActivity(0, 0));
        }
        harness.turn();
    }

    @Test
    void aSessionThatLeftMemoryComesBackWithTheCursorThatIsYetToBeWritten() throws InterruptedException {
        Plain session = harness.create(ID);
        EventStream stream = session.standalone();
        ClientStream client = new ClientStream(stream, new SessionHarness.Sink(), 0);
        stream.attach(client);
        stream.receive(null, SessionHarness.notification("a"));
        harness.turn();
        stream.detach(client);
        harness.sessions.release(session);
        assertThat(harness.sessions.inMemory()).isZero();
        assertThat(harness.store.session(ID).orElseThrow().activity().standaloneCursor())
                .as("not written yet")
                .isZero();
        Plain returned = harness.find(ID).orElseThrow();
        assertThat(returned).isNotSameAs(session);
        assertThat(returned.standaloneCursor()).isOne();
    }

    @Test
    void aSessionStaysUntilTheStoreHasAllOfIt() throws InterruptedException {
        Plain session = harness.create(ID);
        session.change(now -> now.withLogLevel("debug"), Completion.NOBODY);
        harness.sessions.release(session);
        assertThat(harness.sessions.inMemory()).isOne();
        assertThat(harness.find(ID)).containsSame(session);
        harness.sessions.release(session);
        harness.turn();
        assertThat(harness.sessions.inMemory())
                .as("it leaves without anyone asking")
                .isZero();
        assertThat(harness.find(ID).orElseThrow().state().logLevel()).isEqualTo("debug");
    }

    @Test
    void anOpenStreamOrRequestIsNeverEvicted() throws InterruptedException {
        Plain session = harness.create(ID);
        EventStream standalone = session.standalone();
        ClientStream client = new ClientStream(standalone, new SessionHarness.Sink(), 0);
        standalone.attach(client);
        harness.turn();
        harness.sessions.release(session);
        assertThat(harness.sessions.inMemory()).isOne();
        Call call = session.begin(new RequestId("1"), "tools/call", null);
        standalone.detach(client);
        harness.sessions.settled(session);
        assertThat(harness.sessions.inMemory()).isOne();
        session.closed(call);
        harness.sessions.settled(session);
        assertThat(harness.sessions.inMemory()).isZero();
    }

    @Test
    void allWhoWaitForASessionGetItThoughTheFirstLetsItGo() throws InterruptedException {
        harness.sessions.release(harness.create(ID));
        List<Optional<Plain>> found = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            harness.sessions.find(
                    ID,
                    harness.loop,
                    each -> {
                        found.add(each);
                        each.ifPresent(harness.sessions::release);
                    },
                    reason -> {
                        throw new AssertionError(reason);
                    });
        }
        assertThat(harness.reads).as("read once").hasSize(1);
        harness.settle();
        assertThat(found).hasSize(3).allMatch(Optional::isPresent).containsOnly(found.getFirst());
        assertThat(harness.sessions.inMemory()).isZero();
    }

    @Test
    void aDeletedSessionIsGoneBeforeTheStoreKnows() throws InterruptedException {
        Plain session = harness.create(ID);
        SessionHarness.Sink sink = SessionHarness.attach(session.standalone(), 0);
        harness.sessions.delete(session, Completion.NOBODY);
        assertThat(sink.finished).isTrue();
        assertThat(harness.store.session(ID)).isPresent();
        assertThat(harness.find(ID)).isEmpty();
        harness.turn();
        assertThat(harness.store.session(ID)).isEmpty();
        assertThat(harness.find(ID)).isEmpty();
    }

    @Test
    void aSessionThatExpiresWhileItIsReadDoesNotComeBack() throws InterruptedException {
        harness.sessions.release(harness.create(ID));
        List<Optional<Plain>> found = new ArrayList<>();
        harness.sessions.find(ID, harness.loop, found::add, reason -> {
            throw new AssertionError(reason);
        });
        harness.reads.remove().run(); // read, and not handed over yet
        assertThat(harness.sessions.expire(ID, 0)).isTrue();
        harness.settle();
        assertThat(found).containsExactly(Optional.empty());
        assertThat(harness.sessions.inMemory()).isZero();
        harness.turn();
        assertThat(harness.find(ID)).isEmpty();
    }

    @Test
    void requestsThatARestartLeftOpenKeepNoSessionInMemory() throws InterruptedException {
        Plain session = harness.create(ID);
        session.openStream(List.of(session.begin(new RequestId("1"), "tools/call", null)), () -> {});
        harness.turn();
        SessionHarness restarted = new SessionHarness(0, harness.store);
        Plain again = restarted.find(ID).orElseThrow();
        restarted.sessions.release(again);
        assertThat(restarted.sessions.inMemory()).isZero();
        Plain recovered = restarted.find(ID).orElseThrow();
        recovered.streams().forEach(recovered::takeUp);
        restarted.sessions.release(recovered);
        assertThat(restarted.sessions.inMemory()).isOne();
        assertThat(recovered.pending()).isOne();
    }

    @Test
    void aSessionInUseDoesNotExpire() throws InterruptedException {
        Plain session = harness.create(ID);
        assertThat(harness.sessions.expire(ID, Long.MAX_VALUE)).isFalse();
        harness.sessions.release(session);
        assertThat(harness.sessions.expire(ID, -1)).as("active since").isFalse();
        assertThat(harness.sessions.expire(ID, 0)).isTrue();
        assertThat(harness.find(ID)).isEmpty();
    }
}
