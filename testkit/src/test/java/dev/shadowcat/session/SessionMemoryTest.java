package dev.shadowcat.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.memory.Footprint;
import dev.shadowcat.persist.PersistenceSettings;
import dev.shadowcat.session.SessionHarness.Plain;
import dev.shadowcat.store.SessionActivity;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What sessions take in memory: little, as much as they say, and never more of them than there is room for. */
@Tag("memory-usage")
class SessionMemoryTest {
    private static final int TRACKING = 1_024;

    @Test
    void aSessionTracksItsEventsInLessThanAKilobyte() throws InterruptedException {
        SessionHarness harness = new SessionHarness(1);
        Plain session = tracked(harness, SessionHarness.ID, 3);
        long few = bytes(session);
        assertThat(few).isLessThan(TRACKING);
        for (int event = 0; event < 10_000; event++) {
            session.standalone().receive("id-1", SessionHarness.notification("again"));
            if (event % 500 == 0) {
                harness.turn();
            }
        }
        harness.turn();
        assertThat(bytes(session))
                .as("no event leaves anything behind")
                .isEqualTo(few + new Footprint().text("id-1").bytes());
    }

    @Test
    void whatRepeatsIsSharedAmongSessions() throws InterruptedException {
        SessionHarness harness = new SessionHarness(2);
        Plain one = harness.create(new SessionId(1, 1));
        Plain other = harness.create(new SessionId(1, 2));
        assertThat(one.capabilities()).isSameAs(other.capabilities());
        assertThat(one.upstream()).isSameAs(other.upstream());
        assertThat(one.protocolVersion()).isSameAs(other.protocolVersion());
        assertThat(harness.services().texts().hits()).isPositive();
    }

    @Test
    void sessionsTakeWhatTheySay() throws InterruptedException {
        int count = 5_000;
        long stored = heapWith(count, 0, new AtomicLong()); // the store's own copies
        AtomicLong said = new AtomicLong();
        long resident = heapWith(count, count, said);
        assertThat((double) (resident - stored) / count)
                .isCloseTo((double) said.get() / count, Percentage.withPercentage(20));
    }

    /** The heap while a store has sessions, and so many of them are in memory besides. */
    private static long heapWith(int count, int inMemory, AtomicLong said) throws InterruptedException {
        SessionHarness harness = new SessionHarness(inMemory);
        for (int each = 0; each < count; each++) {
            tracked(harness, new SessionId(2, each), 1);
        }
        assertThat(harness.sessions.inMemory()).isEqualTo(inMemory);
        harness.sessions.forEach(session -> said.addAndGet(bytes(session)));
        long used = Long.MAX_VALUE;
        for (int collection = 0; collection < 4; collection++) {
            System.gc();
            used = Math.min(
                    used,
                    ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
        }
        assertThat(harness.store).isNotNull(); // it lives until here
        return used;
    }

    @Test
    void aHundredThousandSessionsGoThroughRoomForTenThousandAndComeBackWithTheirCursors() throws InterruptedException {
        int room = 10_000;
        SessionHarness harness = new SessionHarness(room);
        List<SessionId> sampled = new ArrayList<>();
        for (int each = 0; each < 10 * room; each++) {
            SessionId id = new SessionId(3, each);
            if (each % 1_000 == 0) {
                tracked(harness, id, 3);
                sampled.add(id);
            } else {
                harness.sessions.release(harness.create(id));
            }
            assertThat(harness.sessions.inMemory()).isLessThanOrEqualTo(room);
        }
        assertThat(harness.evicted).isEqualTo(9 * room);
        // Cursors are deferred, and no time passes here: half of what may wait brings the last of them to the store.
        for (int each = 0; each < PersistenceSettings.DEFAULTS.queueCapacity() / 2; each++) {
            tracked(harness, new SessionId(6, each), 2);
        }
        for (SessionId id : sampled) {
            Plain returned = harness.find(id).orElseThrow();
            assertThat(returned.standaloneCursor()).isEqualTo(2);
            SessionHarness.Sink sink = SessionHarness.attach(returned.standalone(), returned.standaloneCursor());
            harness.settle();
            assertThat(sink.sequences).as("what was not seen yet").containsExactly(3L);
            harness.sessions.release(returned);
        }
        assertThat(harness.sessions.inMemory()).isLessThanOrEqualTo(room);
    }

    @Test
    void aSessionWhoseCursorThereWasNoRoomForStaysUntilThereIs() throws InterruptedException {
        SessionHarness harness = new SessionHarness(1);
        Plain session = harness.create(SessionHarness.ID);
        EventStream stream = session.standalone();
        SessionHarness.Sink sink = SessionHarness.attach(stream, 0);
        stream.receive(null, SessionHarness.notification("event"));
        harness.settle();
        harness.worker.turn();
        for (int each = 0; each < PersistenceSettings.DEFAULTS.queueCapacity(); each++) {
            harness.worker.worker().touch(new SessionId(9, each), new SessionActivity(0, 0));
        }
        harness.settle();
        assertThat(sink.sequences).containsExactly(1L);
        stream.detach(Objects.requireNonNull(stream.client()));
        harness.sessions.release(session);
        harness.sessions.release(harness.create(new SessionId(7, 1)));
        harness.loop.timeIsOver();
        harness.sessions.release(harness.create(new SessionId(7, 2)));
        assertThat(harness.sessions.inMemory()).isOne();
        assertThat(harness.find(SessionHarness.ID).orElseThrow().standaloneCursor())
                .isOne();
    }

    @Test
    void idleSessionsMakeRoomForThoseInUseWhichNeverLeave() throws InterruptedException {
        SessionHarness harness = new SessionHarness(2);
        harness.sessions.release(harness.create(new SessionId(4, 1)));
        harness.sessions.release(harness.create(new SessionId(4, 2)));
        Plain third = harness.create(new SessionId(4, 3));
        assertThat(harness.sessions.inMemory(new SessionId(4, 1))).isNull();
        harness.create(new SessionId(4, 4));
        assertThat(harness.sessions.inMemory()).as("two are held").isEqualTo(2);
        harness.create(new SessionId(4, 5));
        assertThat(harness.sessions.inMemory()).as("three are held").isEqualTo(3);
        harness.sessions.release(third);
        assertThat(harness.sessions.inMemory()).isEqualTo(2);
    }

    @Test
    void aSurveyMeasuresEachSessionOnItsLoop() throws InterruptedException {
        SessionHarness harness = new SessionHarness(100);
        for (int each = 0; each < 50; each++) {
            tracked(harness, new SessionId(5, each), 1);
        }
        List<Long> heard = new ArrayList<>();
        MemorySurvey survey = new MemorySurvey(harness.sessions, heard::add);
        assertThat(survey.totalBytes()).isZero();
        survey.round();
        assertThat(heard).as("nothing is measured off the loop").isEmpty();
        harness.settle();
        assertThat(heard).hasSize(50);
        long all = heard.stream().mapToLong(Long::longValue).sum();
        assertThat(survey.totalBytes()).isEqualTo((double) all);
    }

    /** An idle session with events on its standalone stream, of which all but the last were written to a client. */
    private static Plain tracked(SessionHarness harness, SessionId id, int events) throws InterruptedException {
        Plain session = harness.create(id);
        EventStream stream = session.standalone();
        SessionHarness.Sink sink = SessionHarness.attach(stream, 0);
        for (int event = 1; event <= events; event++) {
            ClientStream client = stream.client();
            if (event == events && client != null) {
                stream.detach(client);
            }
            stream.receive(null, SessionHarness.notification("event"));
            harness.turn();
        }
        assertThat(sink.sequences).hasSize(events - 1);
        harness.sessions.release(session);
        return session;
    }

    private static long bytes(Session session) {
        Footprint footprint = new Footprint();
        session.measure(footprint);
        return footprint.bytes();
    }
}
